// Nothing leaves the page, from the page or from its worker; it works from any path, narrow, and for everybody.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { example, launch, open, serve, settled } from "./page.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

let server, browser;
before(async () => {
  server = await serve();
  browser = await launch();
});
after(async () => {
  await browser?.close();
  server?.close();
});

test("after loading, nothing is requested any more, whatever is done", async () => {
  const page = await open(browser, server.url);
  for (const id of ["wrong-namespace", "year-long", "json-comma"]) await example(page, id);
  await page.locator("#input-token").fill("https://example.com/ eyJ");
  await settled(page);
  assert.deepEqual(page.requests.filter((url) => !url.startsWith("blob:")), []);
  assert.deepEqual(page.complaints, []);
  await page.context().close();
});

test("a fetch is refused, in the page and in a worker like the engine's", async () => {
  const page = await open(browser, server.url);
  const asked = await page.evaluate(() => fetch(location.href).then(() => "answered", () => "refused"));
  assert.equal(asked, "refused");
  assert.equal(page.workers().length, 1, "the engine runs in a worker");
  const inWorker = await page.workers()[0].evaluate((url) => fetch(url).then(() => "answered", () => "refused"), server.url);
  assert.equal(inWorker, "refused");
  assert.deepEqual(page.requests, []);
  await page.context().close();
});

test("nothing is stored", async () => {
  const page = await open(browser, server.url);
  await example(page, "expired");
  const stored = await page.evaluate(() => [localStorage.length, sessionStorage.length, document.cookie, location.hash, location.search]);
  assert.deepEqual(stored, [0, 0, "", "", ""]);
  await page.context().close();
});

for (const colorScheme of ["light", "dark"]) {
  for (const id of ["healthy-irsa", "wrong-namespace", "year-long", "json-comma"]) {
    test(`axe finds nothing: ${id}, ${colorScheme}`, async () => {
      // The policy of the page lets no foreign script in, axe neither; for this test alone it is set aside.
      const page = await open(browser, server.url, { colorScheme, bypassCSP: true });
      await example(page, id);
      await page.locator("details").evaluateAll((all) => all.forEach((one) => (one.open = !one.matches(".seal"))));
      await page.evaluate(axe);
      const { violations } = await page.evaluate(() => globalThis.axe.run());
      const told = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 120)).join(" | ")}`);
      assert.deepEqual(told, []);
      await page.context().close();
    });
  }
}

for (const width of [320, 390, 900]) {
  test(`${width} px wide there is nothing to scroll sideways`, async () => {
    const page = await open(browser, server.url, { viewport: { width, height: 700 } });
    for (const id of ["healthy-irsa", "wrong-namespace", "year-long", "subpath"]) {
      await example(page, id);
      const beyond = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.equal(beyond, 0, id);
    }
    await page.context().close();
  });
}

test("every control is at least 24 px in both directions", async () => {
  const page = await open(browser, server.url);
  await example(page, "wrong-namespace");
  await page.locator('#flow details').first().evaluate((one) => (one.open = true));
  const small = await page.locator("button, summary, input, select, textarea, a").evaluateAll((all) =>
    all
      .map((one) => ({ box: one.getBoundingClientRect(), name: one.outerHTML.slice(0, 90), inLine: one.matches(".skip-link, .rule, [type=checkbox]") }))
      .filter(({ box, inLine }) => !inLine && box.width > 0 && (box.width < 24 || box.height < 24))
      .map(({ name }) => name),
  );
  assert.deepEqual(small, []);
  await page.context().close();
});

test("without WebAssembly the page says so in plain words", async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.addInitScript(() => delete globalThis.WebAssembly);
  await page.goto(server.url);
  await page.getByText(/WebAssembly is switched off/).waitFor();
  await context.close();
});
