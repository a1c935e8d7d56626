// Every example shows what its name says: the verdict and the stage that the engine gives for the same inputs.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { example, launch, open, serve, states, verdict } from "./page.mjs";

let server, browser, page;
before(async () => {
  server = await serve();
  browser = await launch();
  page = await open(browser, server.url);
});
after(async () => {
  await browser?.close();
  server?.close();
});

test("the page opens with a healthy example, and its title says so", async () => {
  assert.deepEqual(await verdict(page), { verdict: "allow", stage: null });
  assert.deepEqual(await states(page), { Decoded: "pass", Signature: "pass", Claims: "pass", Federation: "pass" });
  assert.match(await page.title(), /^✓ AWS STS says yes · podpass$/);
});

const broken = [
  ["wrong-namespace", "deny", "trust-policy"],
  ["wrong-audience", "deny", "trust-policy"],
  ["other-cluster", "deny", "provider"],
  ["expired", "deny", "time"],
  ["legacy-secret", "deny", "claims"],
  ["trailing-slash", "deny", "provider"],
  ["pod-deleted", "deny", "objects"],
  ["not-yet-valid", "deny", "time"],
  ["unknown-key", "deny", "keys"],
  ["changed-signature", "deny", "signature"],
  ["alg-none", "deny", "signature"],
  ["truncated", "deny", "format"],
  ["aks-slash", "deny", "issuer"],
  ["gke-annotation", "deny", "impersonation"],
  ["gcp-condition", "deny", "condition"],
  ["hub", "deny", "claim-rules"],
  ["vault", "deny", "namespace"],
  ["json-comma", "unknown", "document"],
];
for (const [id, expected, stage] of broken) {
  test(`${id}: ${expected} at ${stage}`, async () => {
    await example(page, id);
    assert.deepEqual(await verdict(page), { verdict: expected, stage });
    const open = page.locator(".ladder > li.open");
    assert.equal(await open.count(), stage === "document" ? await open.count() : 1, "one step is open");
  });
}

test("a signature that does not hold leaves the other states alone", async () => {
  await example(page, "changed-signature");
  const { Decoded, Signature } = await states(page);
  assert.deepEqual({ Decoded, Signature }, { Decoded: "pass", Signature: "fail" });
});

test("a broken manifest leaves token and trust judged, and says the line", async () => {
  await example(page, "yaml-error");
  assert.equal((await verdict(page)).verdict, "allow");
  await page.getByRole("button", { name: /go to line/ }).first().click();
  await page.waitForTimeout(100);
  assert.equal(await page.evaluate(() => document.activeElement.id), "input-manifests");
});

test("pods without a token of their own are followed", async () => {
  await example(page, "no-service-account");
  await page.getByText("runs as default").waitFor();
  assert.match(await page.locator(".card.pod").innerText(), /\/var\/run\/secrets\/kubernetes\.io\/serviceaccount/);
  await example(page, "automount-false");
  await page.getByText("No token ends up in this pod.").waitFor();
});

test("nothing of all this made the console complain", () => {
  assert.deepEqual(page.complaints, []);
});
