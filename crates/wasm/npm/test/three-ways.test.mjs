/** WebAssembly, node:crypto and WebCrypto: one answer, for every case file about verification and for tokens of every algorithm. */
import assert from "node:assert/strict";
import { createPrivateKey, generateKeyPairSync, sign, constants } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import * as podpass from "../dist/index.js";
import * as jwks from "../dist/jwks.js";
import * as node from "../dist/node.js";

const cases = fileURLToPath(new URL("../../../../tests/cases/", import.meta.url));
const NAMES = ["verifyServiceAccountToken", "checkServiceAccountToken"];

/** What a call answers or throws, whole. */
async function outcome(call) {
  try {
    return { value: await call() };
  } catch (error) {
    return { error: { ...error, name: error.name, code: error.code, message: error.message } };
  }
}

async function compared(name, given) {
  const [engine, host, web] = [await outcome(() => podpass[name](...given)), await outcome(() => node[name](...given)), await outcome(() => jwks[name](...given))];
  assert.deepEqual(host, engine, "node:crypto");
  assert.deepEqual(web, engine, "WebCrypto");
  return engine;
}

test("every case file about verification", async () => {
  let calls = 0;
  for (const file of readdirSync(cases, { recursive: true }).filter((name) => name.endsWith(".json"))) {
    for (const call of JSON.parse(readFileSync(cases + file, "utf8")).calls) {
      const name = call.function.replace("try:", "");
      if (!NAMES.includes(name)) continue;
      calls += 1;
      await compared(name, call.arguments).catch((error) => assert.fail(`${file}: ${error.message}`));
      // The other of the two, on the same input.
      await compared(NAMES[1 - NAMES.indexOf(name)], call.arguments).catch((error) => assert.fail(`${file}: ${error.message}`));
    }
  }
  assert.ok(calls > 50, `${calls} calls`);
});

const part = (value) => Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");
const NOW = 1_700_000_000;
const CLAIMS = {
  aud: ["vault"], exp: NOW + 3600, iat: NOW, nbf: NOW, iss: "https://issuer.example", jti: "x", sub: "system:serviceaccount:prod:api",
  "kubernetes.io": { namespace: "prod", serviceaccount: { name: "api", uid: "u" }, pod: { name: "p", uid: "v" }, node: { name: "n", uid: "w" } },
};
const OPTIONS = { issuer: "https://issuer.example", audience: "vault", now: NOW };
const curve = { ES256: "P-256", ES384: "P-384", ES512: "P-521" };
const KEYS = Object.fromEntries(["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"].map((alg) => {
  const { publicKey, privateKey } = alg === "EdDSA" ? generateKeyPairSync("ed25519") : curve[alg] ? generateKeyPairSync("ec", { namedCurve: curve[alg] }) : generateKeyPairSync("rsa", { modulusLength: 2048 });
  return [alg, { privateKey, jwk: { ...publicKey.export({ format: "jwk" }), kid: alg } }];
}));

function signed(alg, claims, header = {}, saltLength = constants.RSA_PSS_SALTLEN_DIGEST) {
  const input = `${part({ alg, kid: alg, ...header })}.${part(claims)}`;
  const padding = alg.startsWith("PS") ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength } : {};
  const made = sign(alg === "EdDSA" ? null : `sha${alg.slice(2)}`, Buffer.from(input), { key: createPrivateKey(KEYS[alg].privateKey.export({ type: "pkcs8", format: "pem" })), dsaEncoding: "ieee-p1363", ...padding });
  return `${input}.${made.toString("base64url")}`;
}

for (const alg of Object.keys(KEYS)) {
  test(`${alg}: right, changed, cut, of another length, of another key`, async () => {
    const keys = { keys: Object.values(KEYS).map(({ jwk }) => jwk) };
    const token = signed(alg, CLAIMS);
    assert.equal((await compared("verifyServiceAccountToken", [token, keys, OPTIONS])).value?.key.alg, alg);
    const [header, payload, signature] = token.split(".");
    const bytes = Buffer.from(signature, "base64url");
    const flipped = Buffer.from(bytes);
    flipped[3] ^= 1;
    const others = [flipped, bytes.subarray(0, -1), Buffer.concat([bytes, Buffer.of(0)]), Buffer.concat([Buffer.of(0), bytes]), Buffer.alloc(bytes.length), Buffer.alloc(bytes.length, 255), Buffer.alloc(0)];
    for (const other of others) {
      const refused = await compared("verifyServiceAccountToken", [`${header}.${payload}.${other.toString("base64url")}`, keys, OPTIONS]);
      assert.equal(refused.error?.code, "ERR_JWS_SIGNATURE_VERIFICATION_FAILED");
    }
    await compared("checkServiceAccountToken", [`${header}.${part({ ...CLAIMS, admin: true })}.${signature}`, keys, OPTIONS]);
    const double = { keys: [{ ...KEYS[alg].jwk, ...another(alg) }, KEYS[alg].jwk] };
    assert.ok((await compared("verifyServiceAccountToken", [token, double, OPTIONS])).value, "both keys of one kid are tried");
  });
}

/** Another key of the same kind. */
function another(alg) {
  const { publicKey } = alg === "EdDSA" ? generateKeyPairSync("ed25519") : curve[alg] ? generateKeyPairSync("ec", { namedCurve: curve[alg] }) : generateKeyPairSync("rsa", { modulusLength: 2048 });
  return publicKey.export({ format: "jwk" });
}

test("PSS with a salt of another length", async () => {
  for (const salt of [0, 20]) await compared("verifyServiceAccountToken", [signed("PS256", CLAIMS, {}, salt), { keys: [KEYS.PS256.jwk] }, OPTIONS]);
});

test("RSA of more than 4096 bits, and keys that are odd", async () => {
  const large = generateKeyPairSync("rsa", { modulusLength: 4224 });
  const saved = KEYS.RS256;
  KEYS.RS256 = { privateKey: large.privateKey, jwk: { ...large.publicKey.export({ format: "jwk" }), kid: "RS256" } };
  try {
    const token = signed("RS256", CLAIMS);
    assert.ok((await compared("verifyServiceAccountToken", [token, { keys: [KEYS.RS256.jwk] }, OPTIONS])).value);
    await compared("verifyServiceAccountToken", [token, { keys: [{ ...KEYS.RS256.jwk, n: `${saved.jwk.n.slice(0, -1)}A` }] }, OPTIONS]);
    await compared("verifyServiceAccountToken", [token, { keys: [{ ...KEYS.RS256.jwk, e: "AQ" }] }, OPTIONS]);
  } finally {
    KEYS.RS256 = saved;
  }
});

test("the short way says what the long way says", async () => {
  const keys = { keys: [KEYS.ES256.jwk] };
  const verifiers = [node, jwks].map((entry) => entry.createVerifier({ issuers: [{ issuer: OPTIONS.issuer, audience: "vault", jwks: keys }], now: () => NOW, ...(entry === jwks && { crypto: "webcrypto" }) }));
  await Promise.all(verifiers.map((verifier) => verifier.verify(signed("ES256", CLAIMS)))); // the header is known from now on
  const kubernetes = CLAIMS["kubernetes.io"];
  const claims = [
    {}, { aud: "vault" }, { aud: ["x", "vault"] }, { aud: [] }, { aud: [1, "vault"] }, { aud: "vaul" }, { aud: undefined }, { aud: ["vault", CLAIMS.iss] }, { aud: ["vault", "https://kubernetes.default.svc"] },
    { exp: NOW - 60 }, { exp: NOW - 61 }, { exp: NOW + 0.5 }, { exp: "x" }, { exp: undefined }, { exp: null }, { exp: 1e300 }, { exp: -1 }, { exp: 12345678901234567 },
    { nbf: NOW + 60 }, { nbf: NOW + 61 }, { nbf: undefined }, { iat: NOW + 60 }, { iat: NOW + 61 }, { iat: undefined }, { iat: null },
    { iss: "https://issuer.example/" }, { iss: undefined }, { iss: 1 }, { sub: "system:serviceaccount:prod:ap" }, { sub: "system:serviceaccount:prod:api:x" }, { sub: undefined }, { sub: null },
    { "kubernetes.io": undefined }, { "kubernetes.io": [] }, { "kubernetes.io": {} }, { "kubernetes.io": { ...kubernetes, pod: "p" } }, { "kubernetes.io": { ...kubernetes, pod: { uid: "u" } } }, { "kubernetes.io": { ...kubernetes, node: null } },
    { "kubernetes.io": { ...kubernetes, serviceaccount: { name: "api" } } }, { "kubernetes.io": { ...kubernetes, serviceaccount: { name: "api", uid: 1 } } }, { "kubernetes.io": { ...kubernetes, warnafter: NOW + 3607, secret: { name: "s", uid: "t" } } },
    { "kubernetes.io/serviceaccount/namespace": "prod" }, { jti: 1 }, { jti: "\"quoted\"" }, { name: "ü🚀" }, { deep: [[[[[[[1]]]]]]] }, Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`m${index}`, index])),
    { list: Array.from({ length: 100 }, () => 1) }, { float: 1.5, small: 1e-7, minus: -0 }, { long: "x".repeat(9000) }, { constructor: { prototype: 1 } },
  ];
  const texts = [
    JSON.stringify(CLAIMS).replace("{", '{"__proto__":{"admin":true},'), JSON.stringify(CLAIMS).replace("{", '{"aud":"vault",'), ` ${JSON.stringify(CLAIMS)}`, `\ufeff${JSON.stringify(CLAIMS)}`, JSON.stringify(CLAIMS, null, 1),
    JSON.stringify(CLAIMS).replace("prod", "pr\\u006fd"), JSON.stringify(CLAIMS).replace('"x"', '"\\ud800"'), JSON.stringify(CLAIMS).replace(String(NOW), `${NOW}.0`), JSON.stringify(CLAIMS).replace(String(NOW), `0${NOW}`), `${JSON.stringify(CLAIMS)}x`, "{}", "[]", "",
  ];
  for (const payload of [...claims.map((more) => ({ ...CLAIMS, ...more })), ...texts]) {
    const token = signed("ES256", payload);
    const engine = await compared("verifyServiceAccountToken", [token, keys, OPTIONS]);
    for (const verifier of verifiers) assert.deepEqual(await outcome(() => verifier.verify(token)), engine, JSON.stringify(payload).slice(0, 300));
    const bare = podpass.decodeToken(token);
    const { compact, segments, ...wrapped } = podpass.decodeToken(`Bearer ${token}`);
    assert.equal(bare.compact, token);
    assert.deepEqual(segments.map(({ start, end }) => [start, end]), bare.segments.map(({ start, end }) => [start + 7, end + 7]));
    const { compact: _, segments: own, ...read } = bare;
    assert.deepEqual(own.map(({ line, column, input, start }) => [line, column, input, start]), own.map(({ start }) => [1, start + 1, "token", start]));
    assert.deepEqual(read.checks.map(({ span, ...check }) => check), wrapped.checks.map(({ span, ...check }) => check));
    assert.deepEqual({ ...read, checks: 0 }, { ...wrapped, unwrapped: [], checks: 0 }, JSON.stringify(payload).slice(0, 300));
  }
});
