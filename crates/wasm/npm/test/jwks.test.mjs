/** `podpass/jwks` with a fake server and a fake clock: when keys are fetched, kept, given up, and whose fault it is. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { createVerifier } from "../dist/jwks.js";
import * as node from "../dist/node.js";
import { ISSUER, json, keyPair, part, rejection, setOf, tokenOf, world } from "./support/issuer.mjs";

const URI = "https://keys.example/jwks";
const key = keyPair("k1");
const next = keyPair("k2");
const verifierOf = (here, more = {}, issuer = {}) =>
  here.watch(createVerifier({ issuers: [{ issuer: ISSUER, audience: "orders", jwksUri: URI, ...issuer }], fetch: here.fetch, now: here.clock, ...more }));

test("keys are fetched once, and asked for as the API server wants it", async () => {
  const here = world(() => json(setOf(key)));
  const verifier = verifierOf(here);
  const verified = await verifier.verify(tokenOf(key, here.now));
  assert.deepEqual(verified.serviceAccount, { namespace: "shop", name: "web", uid: "u" });
  assert.equal("stale" in verified, false);
  await verifier.verify(tokenOf(key, here.now));
  assert.equal(here.requests.length, 1);
  assert.equal(here.requests[0].headers.accept, "application/jwk-set+json, application/json");
  assert.equal(here.requests[0].redirect, "manual");
  assert.deepEqual(here.names(), ["refresh", "keyAdded"]);
});

test("a thousand at once make one request, known key or not", async () => {
  const here = world(() => json(setOf(key)));
  const verifier = verifierOf(here);
  await Promise.all(Array.from({ length: 1000 }, () => verifier.verify(tokenOf(key, here.now))));
  assert.equal(here.requests.length, 1);
  here.now += 31;
  const strange = tokenOf(next, here.now);
  const errors = await Promise.all(Array.from({ length: 1000 }, () => rejection(verifier.verify(strange))));
  assert.equal(here.requests.length, 2);
  assert.ok(errors.every((error) => error.code === "ERR_JWKS_NO_MATCHING_KEY"));
});

test("a new key is fetched at once, then not before the cool-down ends", async () => {
  let keys = [key];
  const here = world(() => json(setOf(...keys)));
  const verifier = verifierOf(here);
  await verifier.verify(tokenOf(key, here.now));
  here.now += 30;
  keys = [key, next];
  assert.equal((await verifier.verify(tokenOf(next, here.now))).key.kid, "k2");
  assert.equal(here.requests.length, 2);
  const third = keyPair("k3");
  keys = [third];
  here.now += 29;
  const error = await rejection(verifier.verify(tokenOf(third, here.now)));
  assert.deepEqual([error.code, error.kid, error.knownKids, error.refreshedAt, error.retryAt], ["ERR_JWKS_NO_MATCHING_KEY", "k3", ["k1", "k2"], here.now - 29, here.now + 1]);
  assert.equal(here.requests.length, 2);
  here.now += 1;
  await verifier.verify(tokenOf(third, here.now));
  assert.equal(here.requests.length, 3);
});

test("a key that is gone stops counting at once, cached tokens with it", async () => {
  let keys = [key, next];
  const here = world(() => json(setOf(...keys)));
  const verifier = verifierOf(here, { cache: { maxEntries: 10 } });
  const [old, fresh] = [tokenOf(key, here.now, { exp: here.now + 9999 }), tokenOf(next, here.now, { exp: here.now + 9999 })];
  const first = await verifier.verify(old);
  assert.equal(await verifier.verify(old), first);
  assert.ok(Object.isFrozen(first.claims["kubernetes.io"].pod));
  keys = [next];
  here.now += 601;
  await verifier.verify(fresh);
  assert.equal((await rejection(verifier.verify(old))).code, "ERR_JWKS_NO_MATCHING_KEY");
  assert.deepEqual(here.events.filter(([name]) => name === "keyRemoved"), [["keyRemoved", { issuer: ISSUER, kid: "k1" }]]);
});

test("a cached token dies at its time", async () => {
  const here = world(() => json(setOf(key)));
  const verifier = verifierOf(here, { cache: { maxEntries: 1 }, maxAgeMs: 1e9 });
  const token = tokenOf(key, here.now, { exp: here.now + 100 });
  await verifier.verify(token);
  here.now += 160;
  await verifier.verify(token); // within the tolerance: judged anew
  here.now += 1;
  assert.equal((await rejection(verifier.verify(token))).code, "ERR_JWT_EXPIRED");
  here.now -= 300;
  assert.equal((await rejection(verifier.verify(token))).claim, "nbf");
});

const AGES = [["max-age=3600", 3600], ["public, max-age=10", 60], ["max-age=99999999", 86400], ["no-store", 60], ["no-cache", 60], [undefined, 600], ["private", 600], ["s-maxage=9999", 600]];
for (const [control, seconds] of AGES) {
  test(`Cache-Control ${control}: good for ${seconds} s`, async () => {
    const here = world(() => json(setOf(key), control ? { "cache-control": control } : {}));
    const verifier = verifierOf(here);
    await verifier.verify(tokenOf(key, here.now));
    assert.equal(verifier.state()[0].expiresAt, here.now + seconds);
    here.now += seconds - 1;
    await verifier.verify(tokenOf(key, here.now));
    assert.equal(here.requests.length, 1);
    here.now += 1;
    await verifier.verify(tokenOf(key, here.now));
    assert.equal(here.requests.length, 2);
  });
}

test("failing: old keys are used for a bounded time, visibly, and the endpoint is left in peace", async () => {
  let up = true;
  const here = world(() => (up ? json(setOf(key)) : json("{}", {}, 500)));
  const verifier = verifierOf(here, { staleIfErrorMs: 100_000 });
  await verifier.verify(tokenOf(key, here.now));
  up = false;
  here.now += 600;
  assert.equal((await verifier.verify(tokenOf(key, here.now))).stale, true);
  assert.equal(here.requests.length, 2);
  await verifier.verify(tokenOf(key, here.now));
  assert.equal(here.requests.length, 2, "no attempt within the back-off");
  const [state] = verifier.state();
  assert.deepEqual([state.stale, state.lastError.code, state.nextAttemptAt > here.now], [true, "ERR_JWKS_FETCH_FAILED", true]);
  here.now += 99;
  assert.equal((await verifier.verify(tokenOf(key, here.now))).stale, true);
  here.now += 1;
  const error = await rejection(verifier.verify(tokenOf(key, here.now)));
  assert.deepEqual([error.code, error.status, error.retryable, error.issuer, error.url], ["ERR_JWKS_FETCH_FAILED", 500, true, ISSUER, URI]);
  up = true;
  here.now += 60;
  assert.equal("stale" in (await verifier.verify(tokenOf(key, here.now))), false);
  assert.ok(here.names().includes("staleUsed"));
});

test("without leave for old keys none are used", async () => {
  let up = true;
  const here = world(() => (up ? json(setOf(key)) : json("{}", {}, 500)));
  const verifier = verifierOf(here, { staleIfErrorMs: 0 });
  await verifier.verify(tokenOf(key, here.now));
  up = false;
  here.now += 600;
  assert.equal((await rejection(verifier.verify(tokenOf(key, here.now)))).code, "ERR_JWKS_FETCH_FAILED");
});

test("waiting doubles up to a minute, with jitter", async () => {
  const here = world(() => json("{}", {}, 503));
  const verifier = verifierOf(here);
  const waits = [];
  for (let failure = 1; failure <= 9; failure += 1) {
    const { retryAt } = await rejection(verifier.verify(tokenOf(key, here.now)));
    waits.push(retryAt - here.now);
    const requests = here.requests.length;
    assert.equal((await rejection(verifier.verify(tokenOf(key, here.now)))).code, "ERR_JWKS_FETCH_FAILED");
    assert.equal(here.requests.length, requests);
    here.now = retryAt;
  }
  waits.forEach((wait, index) => {
    const most = Math.min(60, 2 ** index);
    assert.ok(wait >= most / 2 - 1e-3 && wait <= most + 1e-3, `${wait} of ${most}`);
  });
});

test("an unknown key while the endpoint fails is not the caller's fault", async () => {
  let up = true;
  const here = world(() => (up ? json(setOf(key)) : Promise.reject(Object.assign(new TypeError("fetch failed"), { cause: { code: "ECONNREFUSED" } }))));
  const verifier = verifierOf(here);
  await verifier.verify(tokenOf(key, here.now));
  up = false;
  here.now += 31;
  for (let time = 0; time < 2; time += 1) {
    const error = await rejection(verifier.verify(tokenOf(next, here.now)));
    assert.deepEqual([error.code, error.retryable], ["ERR_JWKS_FETCH_FAILED", true]);
    assert.match(error.message, /ECONNREFUSED/);
  }
  assert.equal(here.requests.length, 2);
  await verifier.verify(tokenOf(key, here.now));
});

const huge = "x".repeat(2 * 1024 * 1024);
const many = JSON.stringify({ keys: Array.from({ length: 1000 }, (_, index) => ({ ...key.jwk, kid: `k${index}` })) });
const LIES = [
  ["a redirect", () => new Response(null, { status: 302, headers: { location: "https://evil.example" } }), "ERR_JWKS_FETCH_FAILED", /redirects/],
  ["an opaque redirect", () => Object.defineProperty(new Response(null, { status: 200 }), "type", { value: "opaqueredirect" }), "ERR_JWKS_FETCH_FAILED", /redirects/],
  ["a web page", () => new Response("<html>", { headers: { "content-type": "text/html" } }), "ERR_JWKS_FETCH_FAILED", /text\/html/],
  ["a web page that says it is JSON", () => json("<html>"), "ERR_JWKS_INVALID", /not valid JSON/],
  ["a key set of type text", () => new Response(setOf(key), { headers: { "content-type": "text/plain" } }), "ERR_JWKS_FETCH_FAILED", /text\/plain/],
  ["a Status", () => json('{"kind":"Status","message":"Unauthorized"}'), "ERR_JWKS_FETCH_FAILED", /Status: Unauthorized/],
  ["401", () => json('{"kind":"Status"}', {}, 401), "ERR_JWKS_FETCH_FAILED", /our request was refused/],
  ["404", () => json("{}", {}, 404), "ERR_JWKS_FETCH_FAILED", /404/],
  ["406", () => json("{}", {}, 406), "ERR_JWKS_FETCH_FAILED", /406/],
  ["201", () => json(setOf(key), {}, 201), "ERR_JWKS_FETCH_FAILED", /201/],
  ["2 MB, said", () => json(huge, { "content-length": String(huge.length) }), "ERR_JWKS_FETCH_FAILED", /more than 1048576 bytes/],
  ["2 MB, unsaid", () => json(huge), "ERR_JWKS_FETCH_FAILED", /more than 1048576 bytes/],
  ["1 000 keys", () => json(many), "ERR_JWKS_INVALID", /1000 keys, at most 100/],
  ["a list", () => json("[]"), "ERR_JWKS_INVALID", /no list `keys`/],
  ["null", () => json("null"), "ERR_JWKS_INVALID", /no list `keys`/],
  ["broken UTF-8", () => json(Buffer.from([0x7b, 0xff, 0x7d])), "ERR_JWKS_FETCH_FAILED", /broke off/],
  ["nothing", () => json(""), "ERR_JWKS_INVALID", /not valid JSON/],
];
for (const [name, answer, code, message] of LIES) {
  test(`the server answers ${name}`, async () => {
    const here = world(answer);
    const error = await rejection(verifierOf(here).verify(tokenOf(key, here.now)));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
    assert.equal(error.retryable, true);
    assert.equal(here.requests.length, 1);
  });
}

test("types with parameters are taken", async () => {
  for (const type of ["application/json; charset=utf-8", "APPLICATION/JSON", "application/jwk-set+json"]) {
    const here = world(() => json(setOf(key), { "content-type": type }));
    await verifierOf(here).verify(tokenOf(key, here.now));
  }
});

test("a server that hangs, before or within the body", async () => {
  const hangs = [() => new Promise(() => {}), () => json(new ReadableStream({ start: (stream) => stream.enqueue(Buffer.from("{")) }))];
  for (const answer of hangs) {
    const here = world(answer);
    const error = await rejection(verifierOf(here, { timeoutMs: 30 }).verify(tokenOf(key, here.now)));
    assert.deepEqual([error.code, error.timeoutMs, error.url, error.retryable], ["ERR_JWKS_TIMEOUT", 30, URI, true]);
    assert.equal(here.requests[0].signal.aborted, true);
  }
});

test("of several issuers one that is dead harms nobody else", async () => {
  const here = world((url) => (url === URI ? json(setOf(key)) : Promise.reject(new TypeError("dead"))));
  const verifier = createVerifier({ issuers: [{ issuer: "https://dead.example", audience: null, jwksUri: "https://dead.example/jwks" }, { issuer: ISSUER, audience: "orders", jwksUri: URI }], fetch: here.fetch, now: here.clock });
  assert.deepEqual((await verifier.warmUp()).map(({ issuer, ok, error }) => [issuer, ok, error?.code]), [["https://dead.example", false, "ERR_JWKS_FETCH_FAILED"], [ISSUER, true, undefined]]);
  await verifier.verify(tokenOf(key, here.now));
  assert.equal((await rejection(verifier.verify(tokenOf(key, here.now, { iss: "https://dead.example" })))).code, "ERR_JWKS_FETCH_FAILED");
});

test("a token chooses no address, and a foreign or broken one causes no request", async () => {
  const here = world(() => json(setOf(key)));
  const verifier = verifierOf(here);
  const error = await rejection(verifier.verify(tokenOf(key, here.now, { iss: `${ISSUER}/` })));
  assert.deepEqual([error.code, error.issuer, error.configured, error.nearest], ["ERR_SA_ISSUER_UNKNOWN", `${ISSUER}/`, [ISSUER], ISSUER]);
  assert.equal((await rejection(verifier.verify("a.b"))).code, "ERR_JWS_INVALID");
  assert.equal((await rejection(verifier.verify(`${part({ alg: "none" })}.${part({ iss: ISSUER })}.`))).code, "ERR_JOSE_ALG_NOT_ALLOWED");
  assert.equal((await rejection(verifier.verify(`${part({ alg: "RS256", jku: "https://evil.example", kid: "k1" })}.${part({ iss: "https://evil.example" })}.c2ln`))).code, "ERR_SA_ISSUER_UNKNOWN");
  assert.equal(here.requests.length, 0);
  await verifier.verify(tokenOf(key, here.now));
  here.now += 31;
  assert.equal((await rejection(verifier.verify(tokenOf(next, here.now, { iss: "https://other.example" })))).code, "ERR_SA_ISSUER_UNKNOWN");
  assert.equal(here.requests.length, 1, "another issuer's key is no reason to fetch");
  assert.equal((await rejection(verifier.verify(1))).name, "TypeError");
});

test("aliases are the same issuer", async () => {
  const here = world(() => json(setOf(key)));
  const verifier = verifierOf(here, {}, { aliases: [`${ISSUER}/`] });
  assert.equal((await verifier.verify(tokenOf(key, here.now, { iss: `${ISSUER}/` }))).issuer, `${ISSUER}/`);
});

test("discovery: the document must be this issuer's, and its address https", async () => {
  const documents = [[{ issuer: ISSUER, jwks_uri: "https://10.0.0.1/openid/v1/jwks" }, undefined], [{ issuer: `${ISSUER}/`, jwks_uri: URI }, /is of the issuer/], [{ issuer: ISSUER, jwks_uri: "http://10.0.0.1/jwks" }, /no https URL/], [{ issuer: ISSUER }, /no https URL/], [null, /is of the issuer/]];
  for (const [document, message] of documents) {
    const here = world((url) => json(url.endsWith("/.well-known/openid-configuration") ? JSON.stringify(document) : setOf(key), { "content-type": "application/json" }));
    const verifier = verifierOf(here, {}, { jwksUri: undefined, discovery: true });
    if (message) assert.match((await rejection(verifier.verify(tokenOf(key, here.now)))).message, message);
    else {
      await verifier.verify(tokenOf(key, here.now));
      assert.deepEqual(here.requests.map(({ url }) => url), [`${ISSUER}/.well-known/openid-configuration`, "https://10.0.0.1/openid/v1/jwks"]);
      assert.equal(verifier.state()[0].privateAddress, true);
    }
  }
});

test("given keys need no network", async () => {
  const here = world(() => assert.fail("no request"));
  const verifier = verifierOf(here, {}, { jwksUri: undefined, jwks: JSON.parse(setOf(key)) });
  await verifier.verify(tokenOf(key, here.now));
  here.now += 1e6;
  assert.equal((await rejection(verifier.verify(tokenOf(next, here.now)))).code, "ERR_JWKS_NO_MATCHING_KEY");
  assert.deepEqual(await verifier.warmUp(), [{ issuer: ISSUER, ok: true }]);
});

test("keys that count for nothing are named, the others stay", async () => {
  const here = world(() => json(JSON.stringify({ keys: [key.jwk, { kty: "oct", k: "c2VjcmV0", kid: "s" }, { ...key.jwk, kid: "enc", use: "enc" }] })));
  const verifier = verifierOf(here);
  await verifier.verify(tokenOf(key, here.now));
  assert.deepEqual(verifier.state()[0].kids, ["k1"]);
  assert.equal(verifier.state()[0].warnings.length, 2);
});

test("export and hydrate", async () => {
  const here = world(() => json(setOf(key)));
  const first = verifierOf(here);
  await first.warmUp();
  const snapshot = JSON.parse(JSON.stringify(first.export()));
  assert.equal(snapshot.issuers[0].fetchedAt, here.now);
  const offline = world(() => assert.fail("no request"));
  const second = verifierOf(offline);
  second.hydrate(snapshot);
  await second.verify(tokenOf(key, offline.now));
  const times = [[-61, /from the future/], [600 + 3600, /too old/]];
  for (const [seconds, message] of times) {
    const other = world(() => assert.fail("no request"));
    other.now += seconds;
    assert.throws(() => verifierOf(other).hydrate(snapshot), { code: "ERR_JWKS_INVALID", message });
  }
  const hostile = [null, {}, { version: 1 }, { ...snapshot, version: 2 }, { version: 1, issuers: [{ ...snapshot.issuers[0], jwks: "x" }] }, { version: 1, issuers: [{ ...snapshot.issuers[0], fetchedAt: "x" }] }];
  for (const one of hostile) assert.throws(() => verifierOf(offline).hydrate(one), { code: "ERR_JWKS_INVALID" });
  const forever = { version: 1, issuers: [{ ...snapshot.issuers[0], expiresAt: 1e12 }] };
  const third = verifierOf(offline, { maxAgeMs: 600_000 });
  third.hydrate(forever);
  assert.equal(third.state()[0].expiresAt, offline.now + 600);
});

test("a store shares what one instance fetched; what it fails at is not there", async () => {
  const shared = new Map();
  const ttls = [];
  const store = { get: async (name) => shared.get(name) ?? null, set: async (name, value, ttl) => void (shared.set(name, value), ttls.push(ttl)) };
  let keys = [key];
  const here = world(() => json(setOf(...keys)));
  const [one, two] = [verifierOf(here, { store }), verifierOf(here, { store })];
  await one.verify(tokenOf(key, here.now));
  await two.verify(tokenOf(key, here.now));
  assert.equal(here.requests.length, 1);
  assert.deepEqual([[...shared.keys()], ttls], [[`podpass:jwks:${ISSUER}`], [600 + 3600]]);
  keys = [key, next];
  here.now += 31;
  await one.verify(tokenOf(next, here.now));
  await two.verify(tokenOf(next, here.now));
  assert.equal(here.requests.length, 2, "the second instance found the new key in the store");
  const third = keyPair("k3");
  keys = [third];
  here.now += 31;
  await two.verify(tokenOf(third, here.now));
  assert.equal(here.requests.length, 3, "what the store holds is old: fetched");
  for (const broken of [{ get: async () => Promise.reject(new Error("down")), set: async () => Promise.reject(new Error("down")) }, { get: async () => "{", set: async () => {} }, { get: async () => '{"issuer":"x"}', set: async () => {} }]) {
    await verifierOf(here, { store: broken }).verify(tokenOf(third, here.now));
  }
});

test("a store that holds unusable new keys does not keep from fetching", async () => {
  const here = world(() => json(setOf(key, next)));
  const stored = () => JSON.stringify({ issuer: ISSUER, jwks: JSON.parse(setOf(key)), fetchedAt: here.now, expiresAt: here.now + 600 });
  const verifier = verifierOf(here, { store: { get: async () => stored(), set: async () => {} } });
  assert.equal((await verifier.verify(tokenOf(next, here.now))).key.kid, "k2");
});

test("a listener that throws harms nobody, and one can leave", async () => {
  const here = world(() => json(setOf(key)));
  const verifier = verifierOf(here);
  verifier.on("refresh", () => { throw new Error("mine"); });
  let heard = 0;
  const leave = verifier.on("refresh", () => { heard += 1; });
  await verifier.verify(tokenOf(key, here.now));
  leave();
  here.now += 601;
  await verifier.verify(tokenOf(key, here.now));
  assert.equal(heard, 1);
});

test("after dispose nothing is verified or fetched", async () => {
  const here = world(() => new Promise(() => {}));
  const verifier = verifierOf(here, { timeoutMs: 50 });
  const waiting = rejection(verifier.verify(tokenOf(key, here.now)));
  await new Promise((resolve) => setImmediate(resolve));
  verifier.dispose();
  assert.equal(here.requests[0].signal.aborted, true);
  await waiting;
  assert.equal((await rejection(verifier.verify(tokenOf(key, here.now)))).name, "TypeError");
  verifier.dispose();
});

test("background refresh: before the keys are old, and it keeps no process alive", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const here = world(() => json(setOf(key)));
  const verifier = verifierOf(here, { backgroundRefresh: true });
  const settle = async () => { for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve)); };
  await settle();
  assert.equal(here.requests.length, 1);
  here.now += 480;
  context.mock.timers.tick(480_000);
  await settle();
  assert.equal(here.requests.length, 2);
  verifier.dispose();
  context.mock.timers.tick(10_000_000);
  await settle();
  assert.equal(here.requests.length, 2);
});

const MISTAKES = [
  undefined, {}, { issuers: [] }, { issuers: [{}] }, { issuers: [{ issuer: "i", audience: "a" }] }, { issuers: [{ issuer: "i", jwks: "{}" }] }, { issuers: [{ issuer: "i", audience: "a", jwks: "{}", discovery: true }] },
  { issuers: [{ issuer: "i", audience: "a", jwksUri: "http://keys.example/jwks" }] }, { issuers: [{ issuer: "i", audience: "a", jwksUri: "file:///etc/keys" }] }, { issuers: [{ issuer: "http://i.example", audience: "a", discovery: true }] },
  { issuers: [{ issuer: "i", audience: "a", jwksUri: URI, audiences: [] }] }, { issuers: [{ issuer: "i", audience: "a", jwksUri: URI, algorithms: ["HS256"] }] }, { issuers: [{ issuer: "i", audience: 1, jwksUri: URI }] },
  { issuers: [{ issuer: "i", audience: "a", jwksUri: URI }, { issuer: "i", audience: "b", jwksUri: URI }] }, { issuers: [{ issuer: "i", aliases: "j", audience: "a", jwksUri: URI }] },
  ...[{ crypto: "host" }, { crypto: "toString" }, { timeoutMs: -1 }, { cooldownMs: "1" }, { cache: {} }, { cache: true }, { store: {} }, { fetch: 1 }, { clockTolerance: -1 }, { surprise: 1 }].map((more) => ({ issuers: [{ issuer: "i", audience: "a", jwksUri: URI }], ...more })),
];
test("configurations that make no sense are TypeErrors, at once", () => {
  for (const options of MISTAKES) assert.throws(() => createVerifier(options), { name: "TypeError", code: "ERR_INVALID_OPTIONS" }, JSON.stringify(options));
  assert.throws(() => createVerifier({ issuers: [{ issuer: "i", audience: "a", jwks: "no keys" }] }), { code: "ERR_JWKS_INVALID" });
});

test("no error and no event holds anything of a token", async () => {
  const here = world(() => json("{}", {}, 500));
  const token = tokenOf(key, here.now);
  const verifier = verifierOf(here);
  const errors = [await rejection(verifier.verify(token)), await rejection(verifier.verify(`${token}x`)), await rejection(verifier.verify(token.slice(0, -9)))];
  const told = JSON.stringify([here.events, verifier.state(), errors.map((error) => [error, error.message, error.stack, error.cause])]);
  for (const piece of token.split(".").filter((piece) => piece.length > 40)) assert.ok(!told.includes(piece));
});

test("all three ways to check a signature, rotation under load", async () => {
  for (const [create, crypto] of [[createVerifier, "wasm"], [createVerifier, "webcrypto"], [node.createVerifier, "host"], [node.createVerifier, "webcrypto"]]) {
    let keys = [key];
    const here = world(() => json(setOf(...keys)));
    const verifier = create({ issuers: [{ issuer: ISSUER, audience: "orders", jwksUri: URI }], fetch: here.fetch, now: here.clock, crypto });
    const load = (signer) => Promise.all(Array.from({ length: 20 }, () => verifier.verify(tokenOf(signer, here.now))));
    await load(key);
    keys = [key, next];
    here.now += 31;
    await Promise.all([load(next), load(key)]);
    keys = [next];
    here.now += 601;
    await load(next);
    assert.equal((await rejection(verifier.verify(tokenOf(key, here.now)))).code, "ERR_JWKS_NO_MATCHING_KEY");
    const forged = tokenOf({ ...key, kid: "k2" }, here.now);
    assert.equal((await rejection(verifier.verify(forged))).code, "ERR_JWS_SIGNATURE_VERIFICATION_FAILED");
  }
});
