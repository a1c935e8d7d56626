// What the page's tests share: a static server on the loopback interface, a browser, and a page that watches itself.

import { createReadStream, existsSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { delimiter, extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const dist = fileURLToPath(new URL("../../dist/", import.meta.url));
const types = { ".css": "text/css", ".html": "text/html", ".js": "text/javascript", ".wasm": "application/wasm" };

/** Serves dist below a path of its own, so that every address in it has to be relative. */
export const serve = async () => {
  if (!existsSync(join(dist, "podpass-web_bg.wasm"))) throw new Error("dist has no page: run `cargo xtask page` first");
  const server = createServer((request, response) => {
    const path = new URL(request.url, "http://localhost").pathname.replace(/^\/some\/path\//, "/");
    const file = join(dist, normalize(path === "/" ? "/index.html" : path));
    if (!file.startsWith(dist) || !existsSync(file) || !statSync(file).isFile()) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { "content-type": types[extname(file)] ?? "application/octet-stream" });
    createReadStream(file).pipe(response);
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  return { url: `http://127.0.0.1:${server.address().port}/some/path/`, close: () => server.close() };
};

const onPath = (names) => {
  for (const folder of process.env.PATH.split(delimiter)) {
    for (const name of names) {
      if (existsSync(join(folder, name))) return join(folder, name);
    }
  }
  throw new Error(`none of ${names.join(", ")} is on PATH: install chromium`);
};

export const launch = () =>
  chromium.launch({
    executablePath: process.env.PODPASS_CHROMIUM ?? onPath(["chromium", "chromium-browser", "google-chrome"]),
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
  });

/** Opens the page and waits for its first answer. `page.complaints`: errors of the console; `page.requests`: addresses asked for since. */
export const open = async (browser, url, options = {}) => {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  const page = await context.newPage();
  page.complaints = [];
  page.on("console", (message) => {
    if (message.type() === "error") page.complaints.push(message.text());
  });
  page.on("pageerror", (error) => page.complaints.push(error.message));
  await page.goto(url);
  await page.locator(".v").first().waitFor();
  page.requests = [];
  page.on("request", (request) => page.requests.push(request.url()));
  return page;
};

/** Loads an example by its id and waits until the cards speak of it. */
export const example = async (page, id) => {
  const chip = page.locator(`[data-example="${id}"]`);
  if ((await chip.count()) === 0) await page.locator(".chip.more").click();
  await chip.click();
  await page.locator(`[data-example="${id}"][aria-pressed="true"]`).waitFor();
  await settled(page);
};

/** Waits until no request to the engine is under way: two looks at the answer, apart, are the same. */
export const settled = async (page) => {
  const look = () => page.locator(".states, .verdicts").allInnerTexts();
  let before = await look();
  for (let turn = 0; turn < 40; turn += 1) {
    await page.waitForTimeout(120);
    const after = await look();
    if (JSON.stringify(after) === JSON.stringify(before) && turn > 0) return;
    before = after;
  }
};

/** The verdict and the stage of the first card. */
export const verdict = async (page) => {
  const card = page.locator(".v").first();
  return { verdict: await card.getAttribute("data-verdict"), stage: await card.getAttribute("data-stage") };
};

/** The four states as `{ Decoded: "pass", ... }`. */
export const states = (page) =>
  page.locator(".states li").evaluateAll((items) =>
    Object.fromEntries(items.map((item) => [item.querySelector(".name").textContent, item.className])),
  );
