/** `podpass/testing`: what it mints, serves and answers. */
import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { request as http } from "node:http";
import { request as https } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

const podpass = await import("../dist/index.js");
const { createTestCluster } = await import("../dist/testing.js");

const NOW = 1_780_000_000;
const CART = { namespace: "shop", serviceAccount: "cart", pod: "cart-1", node: "node-a", audiences: "orders" };

/** A cluster at a fixed time, closed when the test ends. */
async function clusterOf(t, options = {}) {
  const cluster = await createTestCluster({ now: () => NOW, ...options });
  t.after(() => cluster.close());
  return cluster;
}

/** One request to a cluster; a body makes it a POST. */
function ask(cluster, path, { method, headers = {}, body, ca = cluster.ca } = {}) {
  const make = cluster.url.startsWith("https:") ? https : http;
  return new Promise((resolve, reject) => {
    const request = make(cluster.url + path, { method: method ?? (body ? "POST" : "GET"), headers, ca, agent: false }, (response) => {
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("end", () => {
        const text = Buffer.concat(chunks).toString();
        const json = response.headers["content-type"]?.includes("json") ? JSON.parse(text) : undefined;
        resolve({ status: response.statusCode, type: response.headers["content-type"], text, json, cache: response.headers["cache-control"] });
      });
    });
    request.on("error", reject);
    request.end(body && JSON.stringify(body));
  });
}

for (const algorithm of ["RS256", "ES256", "ES384", "ES512"]) {
  test(`mints what the API server would sign, with ${algorithm}`, async (t) => {
    const cluster = await clusterOf(t, { algorithm });
    const token = cluster.mint(CART);
    const verified = podpass.verifyServiceAccountToken(token, cluster.jwks, { issuer: cluster.issuer, audience: "orders", now: NOW });
    assert.deepEqual(Object.keys(verified.header), ["alg", "kid"]);
    assert.equal(verified.header.alg, algorithm);
    const { claims } = podpass.simulateTokenRequest({
      cluster: cluster.cluster, serviceAccount: { namespace: "shop", name: "cart" }, pod: { name: "cart-1" }, audiences: ["orders"], now: NOW, jti: verified.claims.jti,
    });
    assert.deepEqual(verified.claims, claims);
    assert.match(claims.jti, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-/);
    assert.equal(verified.node.name, "node-a");
  });
}

test("other algorithms are refused: API servers sign with none of them", async () => {
  await assert.rejects(createTestCluster({ algorithm: "HS256" }), TypeError);
});

test("a pod that is deleted fails TokenReview, and nothing offline", async (t) => {
  const cluster = await clusterOf(t);
  const token = cluster.mint(CART);
  assert.equal(cluster.review(token, ["orders"]).user.username, "system:serviceaccount:shop:cart");
  assert.equal(cluster.deletePod({ namespace: "shop", name: "cart-1" }), true);
  assert.equal(cluster.deletePod({ namespace: "shop", name: "cart-1" }), false);
  const status = cluster.review(token, ["orders"]);
  assert.deepEqual([status.authenticated, status.error], [false, "[invalid bearer token, service account token has been invalidated]"]);
  assert.ok(podpass.checkServiceAccountToken(token, cluster.jwks, { issuer: cluster.issuer, audience: "orders", now: NOW }).ok);
  // A pod of the same name is another pod.
  cluster.mint(CART);
  assert.equal(cluster.review(token, ["orders"]).authenticated, false);
});

test("through a grace period the token lives on, and sixty seconds longer", async (t) => {
  let now = NOW;
  const cluster = await clusterOf(t, { now: () => now });
  const token = cluster.mint(CART);
  cluster.deletePod({ namespace: "shop", name: "cart-1", gracePeriodSeconds: 30 });
  now = NOW + 89;
  assert.equal(cluster.review(token, ["orders"]).authenticated, true);
  now = NOW + 91;
  assert.equal(cluster.review(token, ["orders"]).authenticated, false);
});

test("an account made anew is another account", async (t) => {
  const cluster = await clusterOf(t);
  const token = cluster.mint({ namespace: "shop", serviceAccount: "cart" });
  cluster.deleteServiceAccount({ namespace: "shop", name: "cart" });
  cluster.create({ kind: "ServiceAccount", metadata: { namespace: "shop", name: "cart" } });
  assert.match(cluster.review(token).error, /service account UID/i);
});

test("a TokenRequest is refused in the API server's words", async (t) => {
  const cluster = await clusterOf(t);
  const serviceAccount = { namespace: "shop", name: "cart" };
  assert.throws(() => cluster.requestToken({ serviceAccount }), { code: "NotFound", httpStatus: 404, message: 'serviceaccounts "cart" not found' });
  cluster.create({ kind: "ServiceAccount", metadata: serviceAccount });
  assert.equal(cluster.requestToken({ serviceAccount }).expirationTimestamp, NOW + 3600);
  assert.throws(() => cluster.requestToken({ serviceAccount, expirationSeconds: 60 }), { code: "Invalid", httpStatus: 422 });
  assert.throws(() => cluster.mint({ expirationSeconds: 60 }), { httpStatus: 422 });
});

test("keys rotate: the old one verifies until it is withdrawn", async (t) => {
  const cluster = await clusterOf(t);
  const old = cluster.mint();
  const { kid } = cluster.rotateKeys({ algorithm: "ES256" });
  const young = cluster.mint();
  assert.equal(podpass.decodeToken(young).header.kid, kid);
  assert.deepEqual(cluster.jwks.keys.map((key) => key.alg), ["ES256", "RS256"]);
  const verify = (token) => podpass.verifyServiceAccountToken(token, cluster.jwks, { issuer: cluster.issuer, audience: null, now: NOW });
  verify(old);
  cluster.withdrawOldKeys();
  verify(young);
  assert.throws(() => verify(old), { code: "ERR_JWKS_NO_MATCHING_KEY" });
  assert.equal(cluster.review(old).authenticated, false);
});

test("a legacy token lives in its Secret", async (t) => {
  const cluster = await clusterOf(t);
  const token = cluster.mintLegacy({ namespace: "shop", serviceAccount: "cart" });
  assert.equal(podpass.decodeToken(token).kind, "legacy-secret");
  assert.equal(cluster.review(token).authenticated, true);
  const [secret] = podpass.inspectTokenSecrets(cluster.cluster.objects, { now: NOW });
  assert.deepEqual([secret.name, secret.serviceAccount.name], ["cart-token", "cart"]);
  cluster.delete({ kind: "Secret", namespace: "shop", name: "cart-token" });
  assert.match(cluster.review(token).error, /Token has been invalidated/);
});

test("signs also what no API server would", async (t) => {
  const cluster = await clusterOf(t);
  const token = cluster.sign({ iss: cluster.issuer, sub: "somebody", exp: NOW + 60 });
  assert.throws(() => podpass.verifyServiceAccountToken(token, cluster.jwks, { issuer: cluster.issuer, audience: null, now: NOW }), { code: "ERR_SA_NOT_SERVICE_ACCOUNT" });
});

for (const tls of [true, false]) {
  test(`discovery and key set over ${tls ? "https" : "http"}`, async (t) => {
    const cluster = await clusterOf(t, { tls });
    const found = await ask(cluster, "/.well-known/openid-configuration");
    assert.deepEqual([found.status, found.json.issuer, found.json.jwks_uri], [200, cluster.issuer, cluster.jwksUri]);
    assert.ok(cluster.issuer.startsWith(tls ? "https://127.0.0.1:" : "http://127.0.0.1:"));
    const keys = await ask(cluster, "/openid/v1/jwks");
    assert.deepEqual([keys.status, keys.type, keys.cache], [200, "application/jwk-set+json", "public, max-age=3600"]);
    assert.deepEqual(keys.json, cluster.jwks);
    // Negotiation is strict, and only GET is known.
    assert.equal((await ask(cluster, "/openid/v1/jwks", { headers: { accept: "application/json" } })).status, 406);
    assert.equal((await ask(cluster, "/openid/v1/jwks", { headers: { accept: "application/jwk-set+json, application/json" } })).status, 200);
    assert.equal((await ask(cluster, "/openid/v1/jwks", { method: "HEAD" })).status, 405);
    assert.equal((await ask(cluster, "/openid/v1/jwks/more")).status, 404);
  });
}

test("a private cluster publishes to ServiceAccounts alone", async (t) => {
  const cluster = await clusterOf(t, { publicDiscovery: false });
  const anonymous = await ask(cluster, "/openid/v1/jwks");
  assert.deepEqual([anonymous.status, anonymous.json.reason], [403, "Forbidden"]);
  assert.equal((await ask(cluster, "/openid/v1/jwks", { headers: { authorization: "Bearer e30.e30.AA" } })).status, 401);
  assert.equal((await ask(cluster, "/openid/v1/jwks", { headers: { authorization: `Bearer ${cluster.mint()}` } })).status, 200);
});

test("TokenReview and TokenRequest over the network", async (t) => {
  const cluster = await clusterOf(t, { allows: (user, verb, path) => verb === "post" && (path.endsWith("/tokenreviews") || user.name.endsWith(":minter")) });
  const headers = { authorization: `Bearer ${cluster.mint({ serviceAccount: "minter" })}` };
  const requested = await ask(cluster, "/api/v1/namespaces/default/serviceaccounts/minter/token", { headers, body: { spec: { audiences: ["a"], expirationSeconds: 700 } } });
  assert.equal(requested.status, 201);
  assert.equal(requested.json.status.expirationTimestamp, new Date((NOW + 700) * 1000).toISOString().replace(".000", ""));
  const { token } = requested.json.status;
  const reviewed = await ask(cluster, "/apis/authentication.k8s.io/v1/tokenreviews", { headers, body: { spec: { token, audiences: ["a"] } } });
  assert.deepEqual([reviewed.status, reviewed.json.status.audiences], [201, ["a"]]);
  const unwanted = await ask(cluster, "/api/v1/namespaces/default/serviceaccounts/nobody/token", { headers, body: { spec: {} } });
  assert.deepEqual([unwanted.status, unwanted.json.message], [404, 'serviceaccounts "nobody" not found']);
  const other = { authorization: `Bearer ${cluster.mint({ serviceAccount: "other" })}` };
  assert.equal((await ask(cluster, "/api/v1/namespaces/default/serviceaccounts/other/token", { headers: other, body: { spec: {} } })).status, 403);
  assert.equal((await ask(cluster, "/apis/authentication.k8s.io/v1/tokenreviews", { body: { spec: { token } } })).status, 403);
  assert.equal((await ask(cluster, "/apis/authentication.k8s.io/v1/tokenreviews", { headers, body: { spec: { token: 1 } } })).status, 400);
});

test("certificates are what TLS wants, and can be replaced", async (t) => {
  const cluster = await clusterOf(t);
  const before = cluster.ca;
  assert.ok(new X509Certificate(before).ca);
  cluster.rotateCertificates();
  assert.notEqual(cluster.ca, before);
  assert.equal((await ask(cluster, "/openid/v1/jwks")).status, 200);
  await assert.rejects(ask(cluster, "/openid/v1/jwks", { ca: before }));
});

test("mounts the files of a container", async (t) => {
  const cluster = await clusterOf(t);
  const folder = mkdtempSync(join(tmpdir(), "podpass-mount-"));
  t.after(() => rmSync(folder, { recursive: true }));
  cluster.mount(folder, CART);
  const read = (name) => readFileSync(join(folder, name), "utf8");
  assert.equal(podpass.decodeToken(read("token")).pod.name, "cart-1");
  assert.deepEqual([read("namespace"), read("ca.crt")], ["shop", cluster.ca]);
});
