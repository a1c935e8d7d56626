// "now" can be moved, and every verdict follows it.

import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { launch, open, serve, settled, verdict } from "./page.mjs";

let server, browser, page;
before(async () => {
  server = await serve();
  browser = await launch();
});
beforeEach(async () => {
  await page?.context().close();
  page = await open(browser, server.url);
});
after(async () => {
  await browser?.close();
  server?.close();
});
const slider = () => page.getByRole("slider", { name: "now" });
const now = async () => Number(await slider().getAttribute("aria-valuenow"));
const expiry = () =>
  page.locator("#input-token").evaluate((area) => JSON.parse(atob(area.value.split(".")[1].replaceAll("-", "+").replaceAll("_", "/"))).exp);
const type = async (text) => {
  await page.locator("#now-field").fill(text);
  await page.keyboard.press("Enter");
  await settled(page);
};

test("typed past the expiry, the verdict turns; back, it returns", async () => {
  const exp = await expiry();
  await type(String(exp + 3_600));
  assert.deepEqual(await verdict(page), { verdict: "deny", stage: "time" });
  assert.match(await page.title(), /^✕/);
  await page.getByRole("button", { name: "live" }).click();
  await settled(page);
  assert.equal((await verdict(page)).verdict, "allow");
});

test("what is no time is refused, and nothing moves", async () => {
  await type("soon");
  assert.equal(await page.locator("#now-field").getAttribute("aria-invalid"), "true");
  assert.equal((await verdict(page)).verdict, "allow");
});

test("the keyboard alone moves it", async () => {
  await slider().focus();
  const before = await now();
  await page.keyboard.press("ArrowRight");
  await page.waitForTimeout(100);
  const minute = await now();
  assert.ok(minute - before >= 60 && minute - before < 70, `${minute - before} s`);
  await page.keyboard.press("Shift+ArrowRight");
  await page.waitForTimeout(100);
  assert.equal((await now()) - minute, 600);
  await page.keyboard.press("Home");
  await page.waitForTimeout(100);
  assert.equal(await now(), Number(await slider().getAttribute("aria-valuemin")));
  await page.keyboard.press("End");
  await page.waitForTimeout(100);
  assert.equal(await now(), Number(await slider().getAttribute("aria-valuemax")));
});

test("the pointer drags it", async () => {
  await page.locator("svg.lanes").scrollIntoViewIfNeeded();
  const area = await page.locator("svg.lanes").boundingBox();
  await page.mouse.move(area.x + area.width * 0.4, area.y + 40);
  await page.mouse.down();
  await page.waitForTimeout(80);
  const first = await now();
  await page.mouse.move(area.x + area.width * 0.8, area.y + 40, { steps: 6 });
  await page.mouse.up();
  await page.waitForTimeout(80);
  assert.ok((await now()) > first, "to the right is later");
});

test("play moves it, and stops at the end", async () => {
  const before = await now();
  await page.getByRole("button", { name: "play" }).click();
  await page.waitForTimeout(700);
  await page.getByRole("button", { name: "stop playing" }).click();
  assert.ok((await now()) > before);
});

test("how the file is read decides which call fails first", async () => {
  await page.getByLabel("How the application reads the token file").selectOption("cached-at-start");
  await page.getByText("First failing call:").waitFor();
});

test("what happens to the pod is typed, drawn, and undone", async () => {
  await page.locator(".what-if > summary").click();
  await page.getByLabel("Pod deleted at").fill("+10m");
  await page.keyboard.press("Enter");
  await page.locator("svg.lanes .ev-pod-deleted").first().waitFor({ state: "attached" });
  await page.getByLabel("Pod deleted at").fill("soon");
  await page.keyboard.press("Enter");
  assert.equal(await page.getByLabel("Pod deleted at").getAttribute("aria-invalid"), "true");
  await page.getByRole("button", { name: "as it is likely" }).click();
  await page.locator("svg.lanes .ev-pod-deleted").first().waitFor({ state: "detached" });
});

test("the table has the drawing's rows", async () => {
  const spans = await page.locator("svg.lanes .lane").count();
  await page.getByText("The same as a table").click();
  assert.ok((await page.locator(".as-table tbody tr").count()) >= spans);
});
