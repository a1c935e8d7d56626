/** A static server and the two browsers; both end up with what a page left in `globalThis.answer`. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { homedir } from "node:os";
import { delimiter, extname, join, normalize } from "node:path";

import { chromium } from "playwright-core";

import { firefox } from "./webdriver.mjs";

const TYPES = { ".html": "text/html", ".js": "text/javascript", ".mjs": "text/javascript", ".json": "application/json", ".wasm": "application/wasm", ".css": "text/css" };

/** Serves a folder; every answer carries the policy that a strict page has. */
export async function serve(folder) {
  const server = createServer((request, response) => {
    const file = join(folder, normalize(decodeURIComponent(new URL(request.url, "http://localhost").pathname)));
    if (!file.startsWith(folder) || !existsSync(file) || !statSync(file).isFile()) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { "content-type": TYPES[extname(file)] ?? "application/octet-stream" });
    response.end(readFileSync(file));
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  return { url: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}

const onPath = (names) => {
  const found = process.env.PATH.split(delimiter).flatMap((folder) => names.map((name) => join(folder, name))).find(existsSync);
  if (!found) throw new Error(`none of ${names.join(", ")} is on PATH`);
  return found;
};

/** The driver that `cargo xtask` built, where it does not say which. */
function geckodriver() {
  if (process.env.PODPASS_GECKODRIVER) return process.env.PODPASS_GECKODRIVER;
  const cache = process.env.PODPASS_CACHE ?? join(homedir(), ".cache/podpass");
  const built = existsSync(join(cache, "tools")) ? readdirSync(join(cache, "tools")).filter((name) => /^geckodriver-.*\d$/.test(name)) : [];
  return built.map((name) => join(cache, "tools", name, "bin/geckodriver")).find(existsSync) ?? onPath(["geckodriver"]);
}

/** A page's answer, or what went wrong in it. */
const READ = "return globalThis.answer ?? (globalThis.problem && 'problem: ' + globalThis.problem) ?? null";

/** Each browser opens once, goes to the addresses one after the other, and tells their answers. */
export const BROWSERS = {
  async Chromium(urls) {
    const executablePath = process.env.PODPASS_CHROMIUM ?? onPath(["chromium", "chromium-browser", "google-chrome"]);
    const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"] });
    try {
      const page = await browser.newPage();
      let complaints = [];
      page.on("pageerror", (error) => complaints.push(error.message));
      page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
      return await inTurn(urls, async (url) => {
        complaints = [];
        await page.goto(url);
        return answered(() => page.evaluate(`(() => { ${READ} })()`), () => complaints.join("\n"));
      });
    } finally {
      await browser.close();
    }
  },
  Firefox: (urls) =>
    firefox(geckodriver(), process.env.PODPASS_FIREFOX ?? onPath(["firefox", "firefox-esr"]), ({ open, run }) =>
      inTurn(urls, async (url) => {
        await open(url);
        return answered(() => run(READ), () => "");
      })),
};

async function inTurn(urls, answerOf) {
  const answers = [];
  for (const url of urls) answers.push(await answerOf(url));
  return answers;
}

async function answered(read, complaints) {
  for (let turn = 0; turn < 600; turn += 1) {
    const answer = await read();
    if (typeof answer === "string" && answer.startsWith("problem: ")) throw new Error(answer);
    if (answer !== null) return answer;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`the page never answered: ${complaints() || "and does not complain"}`);
}
