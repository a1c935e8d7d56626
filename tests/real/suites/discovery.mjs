/** What the API server publishes, and a token verified with it as any other server would. */
import assert from "node:assert/strict";

import { simulateDiscovery, verifyServiceAccountToken } from "../lib/engine.mjs";
import { claimsOf, mint } from "../lib/keys.mjs";
import { Matrix, sideBySide } from "../lib/matrix.mjs";
import { changed } from "../lib/odd-tokens.mjs";
import { NAMESPACE } from "../lib/world.mjs";

const CONFIGURATION = "/.well-known/openid-configuration";
const JWKS = "/openid/v1/jwks";
const PATHS = [CONFIGURATION, JWKS].flatMap((path) => [path, `${path}/`, `${path}//`, `${path}?a=1`, `${path}/?a=1`, `${path}/x`, `/${path}`, path.toUpperCase()]).concat("/openid/v1", "/openid", "/.well-known");
const ACCEPT = [
  undefined, "", "*/*", "application/json", "application/jwk-set+json", "application/*", "text/html", "text/html, */*;q=0.1", "*/*;q=0", "application/json;q=0",
  "application/jwk-set+json; charset=utf-8", " application/json ", "APPLICATION/JSON", "application/json,application/jwk-set+json", "text/html;level=1, application/json;q=0.5", "nonsense", ",", "application/json;", "*",
];

export async function discovery(test, server) {
  const matrix = new Matrix();
  const questions = PATHS.flatMap((path) => ACCEPT.map((accept) => ({ path, accept })));
  await sideBySide(questions, async ({ path, accept }) => {
    const answer = await server.get(path, { headers: accept === undefined ? {} : { accept } });
    const predicted = simulateDiscovery({ cluster: server.cluster, keys: server.keys, path, accept });
    const told = (name) => (answer.status === 200 ? answer.headers[name] : undefined);
    matrix.add(`${path}, Accept: ${accept}`, { status: predicted.status, type: predicted.headers["content-type"], cache: predicted.headers["cache-control"], body: predicted.body },
      { status: answer.status, type: told("content-type"), cache: told("cache-control"), body: answer.status === 200 ? answer.body : undefined });
    if (predicted.status === 406) matrix.add(`${path}, Accept: ${accept}, error`, predicted.error, answer.headers["content-type"] === "application/json" ? answer.json.message : undefined);
  });
  const { error, status } = simulateDiscovery({ cluster: server.cluster, keys: server.keys, path: JWKS });
  if (status === 404) matrix.add("why nothing is published", true, server.log().includes(error));
  matrix.settle(test);
}

/** The package verifies a real token with the keys from where the real document says they are. */
export async function verification(test, server) {
  const token = await server.token(NAMESPACE, "app", { audiences: ["vault"], boundObjectRef: { apiVersion: "v1", kind: "Pod", name: "web" } });
  const own = await server.token(NAMESPACE, "app");
  // K86: a ServiceAccount may read both; a stranger may not.
  const configuration = (await server.get(CONFIGURATION, { token: own })).good();
  assert.equal((await server.get(CONFIGURATION, { anonymous: true })).status, 403);
  const { pathname } = new URL(configuration.jwks_uri);
  const jwks = (await server.get(pathname, { token: own })).good();
  const options = { issuer: configuration.issuer, audience: "vault" };
  for (const keys of [jwks, JSON.stringify(jwks), server.keys]) {
    const { serviceAccount, pod, key, claims } = verifyServiceAccountToken(token, keys, options);
    assert.deepEqual([serviceAccount.name, pod.name, key.alg], ["app", "web", server.signer.alg]);
    assert.deepEqual(JSON.parse(JSON.stringify(claims)), claimsOf(token));
  }
  for (const older of server.keySet) {
    const { key } = verifyServiceAccountToken(mint(older, claimsOf(token)), jwks, options);
    assert.equal(key.kid, older.kid);
  }
  const refused = [
    [own, options, "ERR_JWT_CLAIM_VALIDATION_FAILED"], [token, { ...options, issuer: "https://other.example" }, "ERR_SA_ISSUER_UNKNOWN"],
    [mint(server.signer, changed(claimsOf(token), ["exp"], 1)), options, "ERR_JWT_EXPIRED"],
    [`${token.slice(0, -8)}AAAAAAAA`, options, "ERR_JWS_SIGNATURE_VERIFICATION_FAILED"],
  ];
  for (const [wrong, given, code] of refused) assert.throws(() => verifyServiceAccountToken(wrong, jwks, given), { code });
}
