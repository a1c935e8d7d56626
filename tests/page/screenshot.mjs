// Makes the pictures of the README: `node tests/page/screenshot.mjs`, after `cargo xtask page`. The clock stands still and the
// simulated issuer's keys are known, so that two runs make the same pictures.

import { fileURLToPath } from "node:url";
import { example, launch, serve } from "./page.mjs";

const server = await serve();
const browser = await launch();
for (const [colorScheme, name] of [["light", "screenshot.png"], ["dark", "screenshot-dark.png"]]) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, colorScheme, reducedMotion: "reduce" });
  const page = await context.newPage();
  await page.clock.setFixedTime("2026-11-25T14:19:05Z");
  await page.goto(server.url);
  await page.locator(".v").first().waitFor();
  await example(page, "wrong-namespace");
  await page.mouse.move(0, 0);
  await page.evaluate(() => document.activeElement.blur());
  const path = fileURLToPath(new URL(`../../web/${name}`, import.meta.url));
  await page.screenshot({ path });
  console.log(path);
  await context.close();
}
await browser.close();
server.close();
