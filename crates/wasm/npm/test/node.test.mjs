/** `podpass/node` against a cluster that listens: in-cluster keys, TokenReview, the guard, and what goes wrong there. */
import assert from "node:assert/strict";
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { createVerifier, guard, tokenReviewer } from "../dist/node.js";
import { createTestCluster } from "../dist/testing.js";
import { ISSUER, keyPair, rejection, setOf, tokenOf } from "./support/issuer.mjs";

/** A cluster, and a folder as the kubelet mounts it into this service's own pod. */
async function pod(context, options = {}) {
  const cluster = await createTestCluster({ algorithm: "ES256", ...options });
  const folder = mkdtempSync(join(tmpdir(), "podpass-pod-"));
  context.after(async () => {
    await cluster.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const mount = () => cluster.mount(folder, { namespace: "shop", serviceAccount: "orders", pod: "orders-1" });
  mount();
  const inCluster = { apiServer: cluster.url, caFile: join(folder, "ca.crt"), tokenFile: join(folder, "token") };
  const caller = (more = {}) => cluster.mint({ namespace: "shop", serviceAccount: "cart", pod: "cart-1", audiences: "orders", ...more });
  return { cluster, folder, mount, inCluster, caller };
}

test("in-cluster: its own issuer, its keys by the pod's credential and CA", async (context) => {
  const { cluster, inCluster, caller } = await pod(context, { publicDiscovery: false });
  const verifier = createVerifier({ issuers: [{ issuer: "in-cluster", audience: "orders" }], inCluster });
  assert.equal((await verifier.verify(caller())).serviceAccount.name, "cart");
  assert.deepEqual(verifier.state().map(({ issuer, jwksUri, privateAddress }) => [issuer, jwksUri, privateAddress]), [[cluster.issuer, `${cluster.url}/openid/v1/jwks`, true]]);
  const bare = createVerifier({ issuers: ["in-cluster"], inCluster });
  assert.equal((await bare.verify(cluster.mint())).serviceAccount.name, "default");
  assert.equal((await rejection(bare.verify(caller()))).claim, "aud");
});

test("CA and token rotate: both files are read at each fetch", async (context) => {
  const { cluster, mount, inCluster, caller } = await pod(context, { publicDiscovery: false });
  const verifier = createVerifier({ issuers: [{ issuer: "in-cluster", audience: "orders" }], inCluster, cooldownMs: 0 });
  await verifier.verify(caller());
  cluster.rotateCertificates();
  cluster.rotateKeys();
  const refused = await rejection(verifier.verify(caller()));
  assert.deepEqual([refused.code, refused.retryable], ["ERR_JWKS_FETCH_FAILED", true]);
  mount();
  const again = createVerifier({ issuers: [{ issuer: "in-cluster", audience: "orders" }], inCluster });
  await again.verify(caller());
});

test("our own credential refused: read once more, then said to be ours", async (context) => {
  const { cluster, folder, inCluster, caller } = await pod(context, { publicDiscovery: false });
  const good = cluster.mint({ namespace: "shop", serviceAccount: "orders" });
  const bad = `${good.slice(0, -8)}AAAAAAAA`;
  writeFileSync(inCluster.tokenFile, bad);
  const error = await rejection(createVerifier({ issuers: [{ issuer: "in-cluster", audience: "orders" }], inCluster }).verify(caller()));
  assert.deepEqual([error.code, error.status], ["ERR_JWKS_FETCH_FAILED", 401]);
  assert.match(error.message, /our credential was refused, not the caller's token/);
  // Replaced between the two readings.
  writeFileSync(join(folder, "new"), good);
  const before = Date.now();
  const verifier = createVerifier({ issuers: [{ issuer: "in-cluster", audience: "orders" }], inCluster });
  const waiting = verifier.verify(caller());
  renameSync(join(folder, "new"), inCluster.tokenFile);
  await waiting;
  assert.ok(Date.now() - before < 5_000);
});

test("a token file that is being written is no header", async (context) => {
  const { cluster, inCluster, caller } = await pod(context);
  const verifier = createVerifier({ issuers: [{ issuer: "in-cluster", audience: "orders" }], inCluster });
  for (const text of ["", "a b\nc", "x".repeat(70_000), "line\r\nx-evil: 1"]) {
    writeFileSync(inCluster.tokenFile, text);
    const error = await rejection(tokenReviewer(inCluster)(caller()));
    assert.equal(error.code, "ERR_TOKEN_REVIEW_FAILED");
    assert.ok(!error.message.includes("evil"));
  }
  assert.throws(() => createVerifier({ issuers: ["in-cluster"], inCluster }), { code: "ERR_JWKS_FETCH_FAILED" });
  assert.throws(() => createVerifier({ issuers: ["in-cluster"], inCluster: { ...inCluster, tokenFile: "/nowhere" } }), /own token cannot be read/);
  writeFileSync(inCluster.tokenFile, cluster.mint({ namespace: "shop", serviceAccount: "orders" }));
  await verifier.verify(caller());
});

test("the pod's token goes to the API server only, and never in the clear", async (context) => {
  const { inCluster } = await pod(context);
  for (const apiServer of ["http://10.0.0.1", "ftp://x", "no url"]) assert.throws(() => tokenReviewer({ ...inCluster, apiServer }), { name: "TypeError" });
  const seen = [];
  const other = createServer((request, response) => {
    seen.push(request.headers.authorization);
    response.writeHead(302, { location: "/" }).end();
  }).listen(0, "127.0.0.1");
  context.after(() => other.close());
  await new Promise((resolve) => other.once("listening", resolve));
  const key = keyPair();
  const verifier = createVerifier({ issuers: ["in-cluster", { issuer: ISSUER, audience: "orders", jwksUri: `http://127.0.0.1:${other.address().port}/jwks` }], inCluster });
  const error = await rejection(verifier.verify(tokenOf(key, Date.now() / 1000)));
  assert.match(error.message, /redirects, which is refused/);
  assert.deepEqual(seen, [undefined]);
});

test("tokenReviewer sees what no signature tells", async (context) => {
  const { cluster, inCluster, caller } = await pod(context);
  const review = tokenReviewer({ ...inCluster, audiences: ["orders"] });
  const token = caller();
  const { authenticated, user, audiences } = await review(token);
  assert.deepEqual([authenticated, user.username, audiences], [true, "system:serviceaccount:shop:cart", ["orders"]]);
  const cached = tokenReviewer({ ...inCluster, audiences: ["orders"], cache: { ttlMs: 10_000 } });
  await cached(token);
  cluster.deletePod({ namespace: "shop", name: "cart-1" });
  assert.equal((await review(token)).authenticated, false);
  assert.equal((await cached(token)).authenticated, true, "for ten seconds");
  assert.equal((await tokenReviewer({ ...inCluster })(caller({ pod: "cart-2" }))).authenticated, false, "not for the API server");
  assert.throws(() => tokenReviewer({ ...inCluster, cache: { ttlMs: 10_001 } }), { name: "TypeError" });
  await cluster.close();
  const error = await rejection(review(token));
  assert.deepEqual([error.code, error.retryable], ["ERR_TOKEN_REVIEW_FAILED", true]);
});

test("TokenReview that is not allowed blames this pod", async (context) => {
  const { inCluster, caller } = await pod(context, { allows: (user, verb, path) => !path.includes("tokenreviews") });
  const error = await rejection(tokenReviewer(inCluster)(caller()));
  assert.match(error.message, /may not create TokenReviews/);
});

/** A service on node:http behind a guard, and how it answers. */
async function service(context, protect) {
  const server = createServer(async (request, response) => {
    const caller = await protect(request, response);
    if (caller) response.end(`${request.serviceAccount.namespace}/${request.serviceAccount.name}`);
  }).listen(0, "127.0.0.1");
  context.after(() => server.close());
  await new Promise((resolve) => server.once("listening", resolve));
  return async (authorization) => {
    const answer = await fetch(`http://127.0.0.1:${server.address().port}/`, { headers: authorization === undefined ? {} : { authorization } });
    return { status: answer.status, challenge: answer.headers.get("www-authenticate"), retry: answer.headers.get("retry-after"), text: await answer.text() };
  };
}

test("guard on node:http: 200, 401 and 503 kept apart", async (context) => {
  const { cluster, inCluster, caller } = await pod(context);
  const refused = [];
  const review = tokenReviewer({ ...inCluster, audiences: ["orders"] });
  const verifier = createVerifier({ issuers: [{ issuer: "in-cluster", audience: "orders" }], inCluster });
  const ask = await service(context, guard(verifier, { tokenReview: review, realm: 'sh"op', onRefusal: (error, status) => refused.push([error?.code, status]) }));
  assert.deepEqual(await ask(`Bearer ${caller()}`), { status: 200, challenge: null, retry: null, text: "shop/cart" });
  for (const header of [undefined, "Basic eDp5", "Bearer", "Bearer a b", "Bearer a,Bearer b"]) {
    const answer = await ask(header);
    assert.deepEqual([answer.status, answer.challenge], [401, "Bearer realm=\"sh'op\""], String(header));
  }
  const wrong = await ask(`bearer ${caller({ audiences: "other\"\\ü" })}`);
  assert.equal(wrong.status, 401);
  assert.match(wrong.challenge, /^Bearer realm="sh'op", error="invalid_token", error_description="the token is meant for `other''\?`, not for this audience"$/);
  assert.equal(JSON.parse(wrong.text).code, "ERR_JWT_CLAIM_VALIDATION_FAILED");
  const token = caller({ pod: "cart-9" });
  cluster.deletePod({ namespace: "shop", name: "cart-9" });
  assert.match((await ask(`Bearer ${token}`)).challenge, /invalid_token.*no longer accepts/);
  await cluster.close();
  const unreachable = await ask(`Bearer ${caller()}`);
  assert.deepEqual([unreachable.status, unreachable.challenge, unreachable.retry], [503, null, "1"]);
  assert.deepEqual(refused.slice(-3), [["ERR_JWT_CLAIM_VALIDATION_FAILED", 401], ["ERR_JWT_INVALID", 401], ["ERR_TOKEN_REVIEW_FAILED", 503]]);
});

test("guard: keys out of reach are 503, and a fault of ours is 500 without a word of it", async (context) => {
  const unreachable = createVerifier({ issuers: [{ issuer: ISSUER, audience: "orders", jwksUri: "http://127.0.0.1:1/jwks" }] });
  const ask = await service(context, guard(unreachable));
  const { status, retry, challenge } = await ask(`Bearer ${tokenOf(keyPair(), Date.now() / 1000)}`);
  assert.deepEqual([status, retry, challenge], [503, "1", null]);
  const broken = await service(context, guard({ verify: async () => { throw new Error("secret detail"); } }));
  const answer = await broken("Bearer a.b.c");
  assert.deepEqual([answer.status, answer.text.includes("secret")], [500, false]);
});

const key = keyPair();
const fixed = () => createVerifier({ issuers: [{ issuer: ISSUER, audience: "orders", jwks: setOf(key) }] });

test("guard on Express 5", async (context) => {
  const { default: express } = await import("express");
  const app = express();
  app.use(guard(fixed()));
  app.get("/", (request, response) => void response.send(request.serviceAccount.name));
  await talk(context, await new Promise((resolve) => { const server = app.listen(0, "127.0.0.1", () => resolve(server)); }));
});

test("guard on Fastify 5", async (context) => {
  const { default: fastify } = await import("fastify");
  const app = fastify();
  let handled = 0;
  app.addHook("preHandler", guard(fixed()));
  app.get("/", async (request) => { handled += 1; return request.serviceAccount.name; });
  await app.listen({ port: 0, host: "127.0.0.1" });
  await talk(context, app.server);
  assert.equal(handled, 1);
});

async function talk(context, server) {
  context.after(() => server.close());
  const ask = (authorization) => fetch(`http://127.0.0.1:${server.address().port}/`, { headers: authorization ? { authorization } : {} });
  const passed = await ask(`Bearer ${tokenOf(key, Math.floor(Date.now() / 1000))}`);
  assert.deepEqual([passed.status, await passed.text()], [200, "web"]);
  const refused = await ask("Bearer a.b.c");
  assert.equal(refused.status, 401);
  assert.match(refused.headers.get("www-authenticate"), /invalid_token/);
  assert.equal((await ask()).headers.get("www-authenticate"), 'Bearer realm="podpass"');
}

test("a real server that dies, comes back with new keys, and never sees more than it must", async (context) => {
  const cluster = await createTestCluster({ algorithm: "ES256", tls: false });
  const { url, issuer } = cluster;
  const port = Number(new URL(url).port);
  const verifier = createVerifier({ issuers: [{ issuer, audience: "orders", discovery: true }], cooldownMs: 0, maxAgeMs: 50, staleIfErrorMs: 60_000 });
  const token = cluster.mint({ audiences: "orders" });
  await verifier.verify(token);
  await cluster.close();
  await new Promise((resolve) => setTimeout(resolve, 60));
  assert.equal((await verifier.verify(token)).stale, true);
  const reborn = createServer((request, response) => {
    const body = request.url === "/jwks" ? setOf(key) : JSON.stringify({ issuer, jwks_uri: `${url}/jwks` });
    response.writeHead(200, { "content-type": "application/json" }).end(body);
  }).listen(port, "127.0.0.1");
  context.after(() => reborn.close());
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  assert.equal((await rejection(verifier.verify(token))).code, "ERR_JWKS_NO_MATCHING_KEY", "withdrawn with the old keys");
  await verifier.verify(tokenOf(key, Math.floor(Date.now() / 1000), { iss: issuer }));
  verifier.dispose();
});
