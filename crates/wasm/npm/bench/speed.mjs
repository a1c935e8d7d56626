/**
 * What a verification costs, beside what others take for it: `node bench/speed.mjs`, on the built package.
 *
 * Every contender gets the same tokens in turn, in short batches, so that a busy machine slows all of them alike; the
 * fastest batch counts. One table is printed and nothing asserted, for machines differ: ratios travel, times do not.
 */
import { execFileSync } from "node:child_process";
import { generateKeyPairSync, randomUUID, sign, verify } from "node:crypto";

import { JwtVerifier } from "aws-jwt-verify";
import { createVerifier as fastJwt } from "fast-jwt";
import * as jose from "jose";
import jsonwebtoken from "jsonwebtoken";

import * as podpass from "../dist/index.js";
import { createVerifier } from "../dist/node.js";

const ROUNDS = Number(process.argv[2] ?? 150);
const BATCH = 20;
const ISSUER = "https://oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B716D3041E";
const AUDIENCE = "https://orders.shop.internal";
const NOW = Math.floor(Date.now() / 1000);

const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
const claims = () => ({
  aud: [AUDIENCE], exp: NOW + 3607, iat: NOW, iss: ISSUER, jti: randomUUID(),
  "kubernetes.io": {
    namespace: "production", node: { name: "ip-10-0-12-34.eu-west-1.compute.internal", uid: randomUUID() },
    pod: { name: "orders-6d4cf56db6-7xkzq", uid: randomUUID() }, serviceaccount: { name: "orders", uid: randomUUID() },
  },
  nbf: NOW, sub: "system:serviceaccount:production:orders",
});

function material(alg) {
  const { privateKey, publicKey } = alg === "RS256" ? generateKeyPairSync("rsa", { modulusLength: 2048 }) : generateKeyPairSync("ec", { namedCurve: "P-256" });
  const kid = "ad8b0a3bd0e54b7ca46d5f2a1c3b0e9f7d6c5a48";
  const tokens = Array.from({ length: BATCH }, () => {
    const input = `${part({ alg, kid })}.${part(claims())}`;
    return `${input}.${sign("sha256", Buffer.from(input), { key: privateKey, dsaEncoding: "ieee-p1363" }).toString("base64url")}`;
  });
  return { alg, tokens, publicKey, pem: publicKey.export({ type: "spki", format: "pem" }), jwk: { ...publicKey.export({ format: "jwk" }), kid, alg, use: "sig" } };
}

const verifierOf = (jwk, more) => createVerifier({ issuers: [{ issuer: ISSUER, audience: AUDIENCE, jwks: { keys: [jwk] } }], ...more });

async function contenders({ alg, tokens, publicKey, pem, jwk }) {
  const pieces = tokens.map((token) => {
    const dot = token.lastIndexOf(".");
    return [Buffer.from(token.slice(0, dot)), Buffer.from(token.slice(dot + 1), "base64url")];
  });
  const bare = alg === "RS256" ? publicKey : { key: publicKey, dsaEncoding: "ieee-p1363" };
  const fast = { key: pem, algorithms: [alg], allowedIss: ISSUER, allowedAud: AUDIENCE };
  const [fastCold, fastCached] = [fastJwt(fast), fastJwt({ ...fast, cache: 1000 })];
  const josePublic = await jose.importJWK(jwk, alg);
  const aws = JwtVerifier.create({ issuer: ISSUER, audience: AUDIENCE, jwksUri: `${ISSUER}/keys` });
  aws.cacheJwks({ keys: [jwk] });
  const [host, cached, wasm, web] = [verifierOf(jwk), verifierOf(jwk, { cache: { maxEntries: 1000 } }), verifierOf(jwk, { crypto: "wasm" }), verifierOf(jwk, { crypto: "webcrypto" })];
  return [
    ["crypto.verify alone", (index) => verify("sha256", pieces[index][0], bare, pieces[index][1])],
    ["podpass/node", (index) => host.verify(tokens[index])],
    ["fast-jwt", (index) => fastCold(tokens[index])],
    ["jsonwebtoken", (index) => jsonwebtoken.verify(tokens[index], publicKey, { algorithms: [alg], issuer: ISSUER, audience: AUDIENCE })],
    ["jose", (index) => jose.jwtVerify(tokens[index], josePublic, { algorithms: [alg], issuer: ISSUER, audience: AUDIENCE })],
    ["aws-jwt-verify", (index) => aws.verifySync(tokens[index])],
    ["podpass/jwks, WebCrypto", (index) => web.verify(tokens[index])],
    ["podpass/jwks, WebAssembly", (index) => wasm.verify(tokens[index]), 0.1],
    ["podpass/node, cache", (index) => cached.verify(tokens[index])],
    ["fast-jwt, cache", (index) => fastCached(tokens[index])],
    ["podpass decodeToken", (index) => podpass.decodeToken(tokens[index])],
    ["jose decodeJwt + decodeProtectedHeader", (index) => [jose.decodeJwt(tokens[index]), jose.decodeProtectedHeader(tokens[index])]],
  ];
}

/** Microseconds a call: of the fastest batch of each. */
async function measured(list) {
  const best = new Map(list.map(([name]) => [name, Infinity]));
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [name, call, share = 1] of list) {
      if (round % Math.round(1 / share) !== 0) continue;
      const start = process.hrtime.bigint();
      for (let index = 0; index < BATCH; index += 1) {
        const answer = call(index);
        if (answer instanceof Promise) await answer;
      }
      best.set(name, Math.min(best.get(name), Number(process.hrtime.bigint() - start) / 1000 / BATCH));
    }
  }
  return best;
}

const columns = {};
for (const alg of ["RS256", "ES256"]) columns[alg] = await measured(await contenders(material(alg)));
const { RS256: rs, ES256: es } = columns;

console.log(`podpass ${podpass.version()}, Node ${process.versions.node}, tokens of ${material("RS256").tokens[0].length} and ${material("ES256").tokens[0].length} bytes, microseconds a call\n`);
console.log("| | RS256 | ES256 | of crypto.verify alone |\n| --- | ---: | ---: | ---: |");
const bare = "crypto.verify alone";
for (const [name, time] of rs) {
  const other = es.get(name);
  const ratios = [time / rs.get(bare), other / es.get(bare)].map((ratio) => ratio.toFixed(2)).join(" / ");
  console.log(`| ${name} | ${time.toFixed(2)} | ${other.toFixed(2)} | ${/decode|cache/.test(name) ? "" : ratios} |`);
}

/** In processes of their own: what a service pays once. */
const FIRST = (entry, call) => `const { performance } = require("node:perf_hooks"); const entry = require(${JSON.stringify(entry)}); const start = performance.now(); ${call}; console.log(performance.now() - start)`;
const first = (call) => Math.min(...Array.from({ length: 9 }, () => Number(execFileSync(process.execPath, ["-e", FIRST(new URL("../dist/index.cjs", import.meta.url).pathname, call)], { encoding: "utf8" }))));
const ratio = (one, other) => [rs, es].map((column) => (column.get(one) / column.get(other)).toFixed(2)).join(" / ");
const fastestPeer = (column) => Math.min(...["fast-jwt", "jsonwebtoken", "jose", "aws-jwt-verify"].map((name) => column.get(name)));

console.log(`
| aim | found (RS256 / ES256) |
| --- | ---: |
| cold verification at most 1.5 x crypto.verify alone | ${ratio("podpass/node", bare)} |
| and faster than the fastest peer: below 1 | ${[rs, es].map((column) => (column.get("podpass/node") / fastestPeer(column)).toFixed(2)).join(" / ")} |
| cached at least 5 x faster than fast-jwt's cache | ${ratio("fast-jwt, cache", "podpass/node, cache")} |
| decodeToken at most 2 x jose's pair | ${ratio("podpass decodeToken", "jose decodeJwt + decodeProtectedHeader")} |
| first call in a fresh process under 30 ms | ${first('entry.decodeToken("a.b.c")').toFixed(1)} ms |`);
