/** Many calls, traps in between, little memory: what a service goes through in a month. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";

import { ISSUER, keyPair, rejection, setOf, tokenOf } from "./support/issuer.mjs";

// Watched from the first instance on, and able to trap.
const genuine = WebAssembly.Instance;
const memories = [];
let trap;
WebAssembly.Instance = function Instance(module, imports) {
  const { exports } = new genuine(module, imports);
  memories.push(exports.memory);
  return { exports: new Proxy({}, { get: (_, name) => (name === trap ? () => { throw new WebAssembly.RuntimeError("unreachable"); } : exports[name]) }) };
};
const podpass = await import("../dist/index.js");
const node = await import("../dist/node.js");

const key = keyPair("k1");
const NOW = 1_700_000_000;
const verifierOf = (more) => node.createVerifier({ issuers: [{ issuer: ISSUER, audience: "orders", jwks: setOf(key) }], now: () => NOW, ...more });
const size = () => memories.at(-1).buffer.byteLength;

test("100 000 verifications and as many decodings, refusals and checks in between, leave the memory as it was", async () => {
  const verifier = verifierOf();
  const [good, bad, odd] = [tokenOf(key, NOW), tokenOf(key, NOW - 9999), tokenOf(key, NOW, { name: "\"quoted\"" })];
  const forged = `${good.slice(0, good.lastIndexOf("."))}.${Buffer.alloc(64, 1).toString("base64url")}`;
  const all = async () => {
    await verifier.verify(good);
    await verifier.verify(odd);
    for (const token of [bad, forged]) await rejection(verifier.verify(token));
    podpass.decodeToken(good);
    podpass.decodeToken(odd);
    podpass.decodeToken(`Bearer ${bad}`);
    podpass.parseKeys(setOf(key));
    verifierOf().dispose();
    node.checkServiceAccountToken(good, setOf(key), { issuer: ISSUER, audience: "orders", now: NOW });
  };
  for (let warm = 0; warm < 300; warm += 1) await all();
  const before = size();
  for (let round = 0; round < 1_000; round += 1) await all();
  for (let call = 0; call < 100_000; call += 1) await verifier.verify(good);
  for (let call = 0; call < 100_000; call += 1) podpass.decodeToken(good);
  assert.equal(size(), before);
  assert.equal(memories.length, 1, "one instance did it all");
});

test("more verifiers than are kept: the forgotten are kept anew", async () => {
  const verifiers = Array.from({ length: 300 }, () => verifierOf());
  for (const verifier of [...verifiers, ...verifiers]) await verifier.verify(tokenOf(key, NOW));
});

for (const door of ["concludeVerification", "verifyShortWay", "requestSignature", "introduceToken"]) {
  test(`a trap in ${door}: ERR_INTERNAL, and the same verifier goes on with a new instance`, async () => {
    const verifier = verifierOf();
    const foreign = tokenOf(key, NOW, { iss: "https://other.example" });
    const call = () => (door === "introduceToken" ? node.createVerifier({ issuers: [{ issuer: ISSUER, audience: "a", jwksUri: "https://keys.example" }], fetch: () => assert.fail(), now: () => NOW }).verify(foreign) : verifier.verify(tokenOf(key, NOW)));
    if (door !== "introduceToken") await verifier.verify(tokenOf(key, NOW, { jti: "first" }));
    if (door !== "verifyShortWay" && door !== "introduceToken") memories.length = 0; // so that the header is not known
    const fresh = door === "verifyShortWay" || door === "introduceToken" ? verifier : verifierOf();
    trap = door;
    const error = await rejection(door === "verifyShortWay" || door === "introduceToken" ? call() : fresh.verify(tokenOf(key, NOW)));
    trap = undefined;
    assert.equal(error.code, "ERR_INTERNAL");
    await verifier.verify(tokenOf(key, NOW));
    await fresh.verify(tokenOf(key, NOW));
    assert.equal(podpass.decodeToken(tokenOf(key, NOW)).ok, true);
  });
}

test("an input of 40 MB replaces the instance; verifiers go on", async () => {
  const verifier = verifierOf();
  podpass.decodeToken("x".repeat(40 * 1024 * 1024));
  await verifier.verify(tokenOf(key, NOW));
  assert.ok(size() < 16 * 1024 * 1024);
});

test("under memory pressure: 30 000 verifications in 20 MB of heap", () => {
  const script = `
    import { createVerifier } from ${JSON.stringify(new URL("../dist/node.js", import.meta.url).href)};
    import { ISSUER, keyPair, setOf, tokenOf } from ${JSON.stringify(new URL("support/issuer.mjs", import.meta.url).href)};
    const key = keyPair("k");
    const verifier = createVerifier({ issuers: [{ issuer: ISSUER, audience: "orders", jwks: setOf(key) }], cache: { maxEntries: 500 } });
    const now = Math.floor(Date.now() / 1000);
    let passed = 0;
    for (let index = 0; index < 3_000; index += 1) {
      const token = tokenOf(key, now, { jti: String(index) });
      for (let again = 0; again < 10; again += 1) passed += (await verifier.verify(token)).claims.jti === String(index);
    }
    console.log(passed);`;
  const told = execFileSync(process.execPath, ["--max-old-space-size=20", "--input-type=module", "-e", script], { encoding: "utf8" });
  assert.equal(Number(told), 30_000);
});
