// Typing, pasting, undoing, going to places; and input that means harm.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { example, launch, open, serve, settled, states, verdict } from "./page.mjs";

let server, browser, page;
before(async () => {
  server = await serve();
  browser = await launch();
});
after(async () => {
  await browser?.close();
  server?.close();
});
const fresh = async (options) => {
  await page?.context().close();
  page = await open(browser, server.url, options);
};
const box = (name) => page.locator(`#input-${name}`);

test("each input, pasted one after the other, adds its part of the answer", async () => {
  await fresh();
  const texts = {};
  for (const name of ["token", "keys", "manifests", "trust-0"]) texts[name] = await box(name).inputValue();
  await page.getByRole("button", { name: "Clear all" }).click();
  await settled(page);
  assert.deepEqual(new Set(Object.values(await states(page))), new Set(["skip"]));
  await box("token").fill(texts.token);
  await settled(page);
  assert.deepEqual(await states(page).then(({ Decoded, Signature }) => [Decoded, Signature]), ["pass", "unknown"]);
  await box("keys").fill(texts.keys);
  await settled(page);
  assert.equal((await states(page)).Signature, "pass");
  await box("manifests").fill(texts.manifests);
  await page.locator(".card.pod").waitFor();
  await box("trust-0").fill(texts["trust-0"]);
  await settled(page);
  assert.equal((await verdict(page)).verdict, "allow");
});

test("Undo brings back what was cleared", async () => {
  await fresh();
  const token = await box("token").inputValue();
  await page.getByRole("button", { name: "clear the token input" }).click();
  assert.equal(await box("token").inputValue(), "");
  await page.getByRole("button", { name: "Undo" }).click();
  assert.equal(await box("token").inputValue(), token);
});

test("a token in a mess of wrappings is found, and the page says what was taken off", async () => {
  await fresh();
  const token = await box("token").inputValue();
  await box("token").fill(`Authorization: Bearer "${token.slice(0, 80)}\n${token.slice(80)}"\n`);
  await settled(page);
  assert.equal((await states(page)).Signature, "pass");
  await page.getByText(/taken out of:/).waitFor();
});

test("a step leads to its place in the input, and selects it", async () => {
  await fresh();
  await example(page, "wrong-namespace");
  await page.locator(".ladder > li.open .jump").click();
  await page.waitForTimeout(100);
  const selected = await box("trust-0").evaluate((area) => area.value.slice(area.selectionStart, area.selectionEnd));
  assert.match(selected, /system:serviceaccount:prod:api-gateway/);
  assert.equal(await page.evaluate(() => document.activeElement.id), "input-trust-0");
});

test("a fix is applied, the verdict turns, and Undo brings the input back", async () => {
  await fresh();
  await example(page, "wrong-namespace");
  const before = await box("trust-0").inputValue();
  await page.getByRole("button", { name: "Apply" }).first().click();
  await settled(page);
  assert.equal((await verdict(page)).verdict, "allow");
  assert.equal(await box("trust-0").inputValue(), before.replace(":prod:", ":production:"));
  await page.getByRole("button", { name: "Undo" }).click();
  await settled(page);
  assert.equal((await verdict(page)).verdict, "deny");
  assert.equal(await box("trust-0").inputValue(), before);
});

test("a worker that takes too long is replaced, says so, and the next input is judged", async () => {
  await fresh();
  const [stuck] = page.workers();
  // Not awaited: it never ends by itself.
  stuck.evaluate(() => { for (;;); }).catch(() => {});
  await page.locator("#now-field").fill("+1m");
  await page.keyboard.press("Enter");
  await page.getByText(/longer than 3 seconds/).waitFor({ timeout: 8_000 });
  await box("token").fill("");
  await settled(page);
  assert.equal((await states(page)).Decoded, "skip");
  assert.equal(await page.getByText(/longer than 3 seconds/).count(), 0);
  // The debugger that holds the loop still lists the old worker; what counts is the one new one.
  const others = page.workers().filter((worker) => worker !== stuck);
  assert.equal(others.length, 1);
  const inWorker = await others[0].evaluate((url) => fetch(url).then(() => "answered", () => "refused"), server.url);
  assert.equal(inWorker, "refused", "the new worker, too, reaches nothing");
});

test("a second trust document gets a card of its own", async () => {
  await fresh();
  const policy = await box("trust-0").inputValue();
  await page.getByRole("button", { name: "another trust document" }).click();
  await box("trust-1").fill(policy.replaceAll(":production:", ":staging:"));
  await page.locator('.v[data-verdict="deny"]').waitFor();
  assert.equal(await page.locator(".v:not(.own)").count(), 2);
  await page.getByRole("button", { name: "remove trust document 2" }).click();
  await settled(page);
  assert.equal(await page.locator(".v:not(.own)").count(), 1);
});

test("a file that is dropped on a box replaces its text", async () => {
  await fresh();
  const data = await page.evaluateHandle(() => {
    const data = new DataTransfer();
    data.items.add(new File(['{"keys": []}'], "jwks.json"));
    return data;
  });
  await box("keys").dispatchEvent("drop", { dataTransfer: data });
  await page.waitForFunction(() => document.getElementById("input-keys").value === '{"keys": []}');
});

test("typing stays quick with a hostile megabyte in every box", async () => {
  await fresh();
  const hostile = {
    token: "eyJ".repeat(350_000),
    keys: `{"keys":[${"[".repeat(500_000)}`,
    manifests: `a: &a [x]\n${Array.from({ length: 40_000 }, (_, i) => `k${i}: [*a, *a, *a]`).join("\n")}`,
    "trust-0": `{"Statement":${"[{".repeat(400_000)}`,
  };
  for (const [name, text] of Object.entries(hostile)) {
    await box(name).evaluate((area, text) => {
      area.value = text;
      area.dispatchEvent(new InputEvent("input", { bubbles: true }));
    }, text);
  }
  // The longest time for which the page did not come to draw, while keys are typed into a small box.
  await page.locator("details.facts > summary").click();
  await page.locator("#fact-namespace").focus();
  await page.evaluate(() => {
    globalThis.longest = 0;
    let last = performance.now();
    const look = (now) => {
      globalThis.longest = Math.max(globalThis.longest, now - last);
      last = now;
      requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  });
  await page.keyboard.type("production", { delay: 60 });
  assert.equal(await page.locator("#fact-namespace").inputValue(), "production");
  const longest = await page.evaluate(() => globalThis.longest);
  assert.ok(longest < 1_000, `${Math.round(longest)} ms without a frame`);
  assert.deepEqual(page.complaints, []);
});

test("what the trust document does not say can be said beside it, and the verdict follows", async () => {
  await fresh();
  await page.getByText("what it does not say").first().click();
  await page.getByLabel("The role exists").selectOption("no");
  await settled(page);
  assert.deepEqual(await verdict(page), { verdict: "deny", stage: "trust-policy" });
  await page.getByLabel("The role exists").selectOption("");
  await page.getByLabel("IAM OIDC providers, as JSON").fill("[");
  await page.getByText(/^no JSON:/).waitFor();
  await page.getByLabel("IAM OIDC providers, as JSON").fill("[]");
  await settled(page);
  assert.deepEqual(await verdict(page), { verdict: "deny", stage: "provider" });
});

test("the API server is asked at one click, and answers as TokenReview does", async () => {
  await fresh();
  await page.getByRole("button", { name: /ask the API server/ }).click();
  await page.locator(".v", { hasText: "TokenReview" }).or(page.locator(".v", { hasText: "API server" })).first().click();
  const status = page.locator("#token-review .status");
  await status.waitFor();
  assert.match(await status.innerText(), /error: .*invalid bearer token/);
  await example(page, "pod-deleted");
  assert.match(await status.innerText(), /service account token has been invalidated/);
});
