/** What becomes of a token when time passes, and when what it names changes or goes. */
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";

import { ApiServer } from "../lib/cluster.mjs";
import { simulateTokenReview } from "../lib/engine.mjs";
import { claimsOf, mint, newKey } from "../lib/keys.mjs";
import { Matrix, sideBySide } from "../lib/matrix.mjs";
import { changed, places } from "../lib/odd-tokens.mjs";
import { account, FINALIZER, legacyClaims, legacySecret, NAMESPACE, node, pathOf, pod } from "../lib/world.mjs";
import { compare, told } from "./reviews.mjs";

/** The instants at which the borders of time claims and deletions are tried: about each whole second. */
const AROUND = [-0.2, -0.05, 0.05, 0.2];

/** Waits for an instant, seconds since 1970. */
const until = (instant) => sleep(Math.max(0, instant * 1000 - Date.now()));

/**
 * Reviews about an instant: the prediction for the moment before the request and that for the moment after the answer
 * must be one, else the border lay between them and the answer tells nothing.
 */
async function compareAbout(matrix, server, known, name, token) {
  const before = Date.now() / 1000;
  const real = await server.review(token);
  const after = Date.now() / 1000;
  const [one, other] = [before, after].map((now) => simulateTokenReview({ token, keys: server.keys, cluster: known, now }).status);
  if (JSON.stringify(one) === JSON.stringify(other)) matrix.add(name, told(one), told(real));
}

export async function timeBorders(test, server) {
  const matrix = new Matrix();
  const known = await server.known();
  const claims = claimsOf(await server.token(NAMESPACE, "app"));
  const border = Math.ceil(Date.now() / 1000) + 1;
  const about = Object.entries({ exp: border - 60, nbf: border + 60, iat: border + 60 }).flatMap(([name, value]) =>
    AROUND.map((offset) => [name, value, border + offset]));
  await Promise.all(about.map(async ([name, value, instant]) => {
    const token = mint(server.signer, changed(changed(claims, ["jti"], `${name} ${instant}`), [name], value));
    await until(instant);
    await compareAbout(matrix, server, known, `${name} ${value} at ${instant}`, token);
  }));
  matrix.settle(test);
}

/** The claims of tokens for every kind of bound object, all of which then change or go. */
async function doomed(server) {
  const ref = (kind, name) => ({ boundObjectRef: { apiVersion: "v1", kind, name } });
  const claims = async (name, spec) => claimsOf(await server.token(NAMESPACE, name, spec));
  await account(server, "kept-account", { metadata: { finalizers: [FINALIZER] } });
  await node(server, "node-doomed");
  await node(server, "node-kept", [FINALIZER]);
  await node(server, "node-renewed");
  for (const name of ["doomed", "renewed"]) await pod(server, name, { node: "node-doomed" });
  await pod(server, "kept", { finalizers: [FINALIZER] });
  await pod(server, "graceful", { node: "node-1" });
  await pod(server, "slow", { node: "node-1" });
  await pod(server, "of-doomed-account", { account: "doomed", node: "node-1" });
  for (const [name, finalizers] of [["doomed", undefined], ["kept", [FINALIZER]], ["renewed", undefined]]) {
    await server.create(`/api/v1/namespaces/${NAMESPACE}/secrets`, { metadata: { name, finalizers } });
  }
  const bound = [
    ["pod", "Pod", ["doomed", "renewed", "kept", "graceful", "slow"]], ["secret", "Secret", ["doomed", "renewed", "kept"]],
    ["node", "Node", ["node-doomed", "node-renewed", "node-kept"]],
  ];
  const tokens = bound.flatMap(([kind, of, names]) => names.map(async (name) => [`${kind} ${name}`, await claims("app", ref(of, name))]));
  return Object.fromEntries(await Promise.all([
    ...tokens,
    ...["doomed", "renewed", "kept-account"].map(async (name) => [`account ${name}`, await claims(name)]),
    claims("doomed", ref("Pod", "of-doomed-account")).then((found) => ["pod of account doomed", found]),
  ]));
}

/** Before anything changes, at once after it did, and about the instants at which deletions begin to count (K55). */
export async function deletions(test, server) {
  const matrix = new Matrix();
  const tokens = await doomed(server);
  const everyToken = async (when, known) => {
    const fresh = Object.entries(tokens).map(([name, claims]) => [name, mint(server.signer, changed(claims, ["jti"], `${name}, ${when}`))]);
    await sideBySide(fresh, ([name, token]) => compare(matrix, server, known, `${name}, ${when}`, token));
  };
  await everyToken("before", await server.known());

  const now = { gracePeriodSeconds: 0 };
  const instead = async (kind, name, make) => {
    await server.delete(pathOf(kind, name), now);
    await make();
  };
  await instead("pods", "renewed", () => pod(server, "renewed", { node: "node-1" }));
  await instead("nodes", "node-renewed", () => node(server, "node-renewed"));
  await instead("secrets", "renewed", () => server.create(`/api/v1/namespaces/${NAMESPACE}/secrets`, { metadata: { name: "renewed" } }));
  await instead("serviceaccounts", "renewed", () => account(server, "renewed"));
  for (const [kind, name] of [["pods", "doomed"], ["pods", "kept"], ["secrets", "doomed"], ["secrets", "kept"], ["nodes", "node-doomed"], ["nodes", "node-kept"], ["serviceaccounts", "doomed"], ["serviceaccounts", "kept-account"]]) {
    await server.delete(pathOf(kind, name), now);
  }
  await server.delete(pathOf("pods", "graceful"), { gracePeriodSeconds: 1 });
  await server.delete(pathOf("pods", "slow"), { gracePeriodSeconds: 30 });
  await sleep(1000); // the server's own caches follow within milliseconds
  await everyToken("after", await server.known());
  matrix.settle(test);
  return tokens;
}

/**
 * When an object that is kept by a finalizer counts as deleted: 60 s after its deletion, or after its grace period.
 * Gives what was compared; meanwhile other suites run.
 */
export async function leeway(server, tokens) {
  const matrix = new Matrix();
  const known = await server.known();
  const deleted = Object.fromEntries(JSON.parse(known.objects).items.flatMap(({ kind, metadata }) =>
    metadata.deletionTimestamp ? [[`${kind === "ServiceAccount" ? "account" : kind.toLowerCase()} ${metadata.name}`, Date.parse(metadata.deletionTimestamp) / 1000]] : []));
  const about = Object.entries(deleted).filter(([name]) => tokens[name] && name !== "pod slow").flatMap(([name, at]) =>
    AROUND.map((offset) => [name, at + 60 + offset]));
  assert.ok(about.length >= 16, `expected objects that are being deleted, found ${JSON.stringify(deleted)}`);
  await Promise.all(about.map(async ([name, instant]) => {
    const token = mint(server.signer, changed(tokens[name], ["jti"], `${name} ${instant}`));
    await until(instant);
    await compareAbout(matrix, server, known, `${name} at ${instant}`, token);
  }));
  return matrix;
}

/** The proof: with the pod's token 403 before, 401 once the pod is gone and the server's memory of ten seconds is over. */
export async function proof(test, server) {
  await pod(server, "proof", { node: "node-1" });
  const token = await server.token(NAMESPACE, "app", { boundObjectRef: { apiVersion: "v1", kind: "Pod", name: "proof" } });
  const status = async () => (await server.get(`/api/v1/namespaces/${NAMESPACE}/pods`, { token })).status;
  const verdict = async () => simulateTokenReview({ authorization: `Bearer ${token}`, keys: server.keys, cluster: await server.known(), now: Date.now() / 1000 }).verdict;
  assert.deepEqual([await status(), await verdict()], [403, "allow"]);
  await server.delete(pathOf("pods", "proof"), { gracePeriodSeconds: 0 });
  assert.equal(await verdict(), "deny");
  await sleep(10_500);
  assert.equal(await status(), 401);
}

/** Tokens of Secrets: with their Secret, with another, without, marked, going; every claim; and the account's fate. */
export async function legacyTokens(test, server) {
  const matrix = new Matrix();
  for (const name of ["legacy", "legacy-gone", "legacy-renewed"]) await account(server, name);
  await account(server, "legacy-kept", { metadata: { finalizers: [FINALIZER] } });
  const whole = await legacySecret(server, "whole");
  const tokens = [
    ["whole", whole],
    ["other bytes", await legacySecret(server, "other-bytes", { stored: "something else" })],
    ["marked invalid", await legacySecret(server, "marked", { labels: { "kubernetes.io/legacy-token-invalid-since": "2026-01-01" } })],
    ["marked with nothing", await legacySecret(server, "unmarked", { labels: { "kubernetes.io/legacy-token-invalid-since": "" } })],
    ["used long ago", await legacySecret(server, "old", { labels: { "kubernetes.io/legacy-token-last-used": "2020-01-01" } })],
    ["Secret kept", await legacySecret(server, "going", { finalizers: [FINALIZER] })],
    ["Secret gone", await legacySecret(server, "gone")],
    ["account gone", await legacySecret(server, "of-gone", { account: "legacy-gone" })],
    ["account renewed", await legacySecret(server, "of-renewed", { account: "legacy-renewed" })],
    ["account kept", await legacySecret(server, "of-kept", { account: "legacy-kept" })],
    ["signed by a stranger", mint(newKey(server.signer.kind), claimsOf(whole))],
    ["never stored", mint(server.signer, legacyClaims("app", "wrong", "whole"))],
  ];
  const claims = claimsOf(whole);
  const values = [undefined, null, "", "other", 1, true, [], {}];
  for (const [path] of places(claims)) {
    for (const value of values) tokens.push([`${path} is ${JSON.stringify(value)}`, mint(server.signer, changed(claims, [path], value))]);
  }
  const more = { aud: ["vault"], exp: 1, nbf: 2 ** 33, iat: "x", jti: "id", "kubernetes.io": { namespace: "x" } };
  for (const [name, value] of Object.entries(more)) {
    // Stored as it is: only the bytes are compared.
    const secret = `with-${name.replace(".", "-")}`;
    const payload = { ...legacyClaims("app", claims["kubernetes.io/serviceaccount/service-account.uid"], secret), [name]: value };
    const token = mint(server.signer, payload);
    await legacySecret(server, secret, { stored: token });
    tokens.push([`with ${name}`, token]);
  }
  const known = await server.known();
  await sideBySide(tokens, ([name, token]) => compare(matrix, server, known, name, token));
  await sideBySide(tokens.slice(0, 3), ([name, token]) => compare(matrix, server, known, name, token, ["vault"]));
  for (const [kind, name] of [["secrets", "gone"], ["secrets", "going"], ["serviceaccounts", "legacy-gone"], ["serviceaccounts", "legacy-renewed"], ["serviceaccounts", "legacy-kept"]]) {
    await server.delete(pathOf(kind, name));
  }
  await account(server, "legacy-renewed");
  await sleep(10_500); // what was accepted before is remembered
  const later = await server.known();
  await sideBySide(tokens.slice(0, 12), ([name, token]) => compare(matrix, server, later, `${name}, later`, token));
  matrix.settle(test);
}

/** Tokens of a server that is started again, with another key, then without the old one; likewise with another issuer. */
export async function keyRotation(test, ground) {
  const matrix = new Matrix();
  const [older, newer] = [newKey("rsa"), newKey("p256")];
  const [first, second] = [["https://old.example"], ["https://new.example", "https://old.example"]];
  const lives = [
    ["before", { signer: older, keys: [older], issuers: first }], ["both keys, both issuers", { signer: newer, keys: [newer, older], issuers: second }],
    ["without the old key", { signer: newer, keys: [newer], issuers: second }], ["without the old issuer", { signer: newer, keys: [newer, older], issuers: second.slice(0, 1) }],
  ];
  const tokens = [];
  for (const [name, { signer, keys, issuers }] of lives) {
    const server = await ApiServer.start(ground, { name: "rotation", cluster: { issuers, apiAudiences: ["api"] }, signer, keys });
    if (tokens.length === 0) {
      await server.ensureNamespace(NAMESPACE);
      await account(server, "app");
    }
    tokens.push([`issued ${name}`, await server.token(NAMESPACE, "app")]);
    const known = await server.known();
    await sideBySide(tokens, ([of, token]) => compare(matrix, server, known, `${of}, ${name}`, token));
    await server.stop();
  }
  matrix.settle(test);
}
