/** TokenReviews of tokens of every kind: the whole status, word for word. */
import { simulateTokenReview } from "../lib/engine.mjs";
import { claimsOf, mint, newKey } from "../lib/keys.mjs";
import { Chance, Matrix, sideBySide, thinned } from "../lib/matrix.mjs";
import { changed, oddForms, oddHeaders, oddPayloads, otherAlgorithms, places, wrongClaims, wrongTimes } from "../lib/odd-tokens.mjs";
import { NAMESPACE } from "../lib/world.mjs";

/** Notes what is predicted of a token, and what the server says of it. */
export async function compare(matrix, server, known, name, token, audiences) {
  const now = Date.now() / 1000;
  const real = await server.review(token, audiences);
  const predicted = simulateTokenReview({ token, keys: server.keys, cluster: known, audiences, now });
  matrix.add(`${name}${audiences ? ` for ${JSON.stringify(audiences)}` : ""}`, statusOf(predicted), told(real));
}

const statusOf = ({ status }) => ({ authenticated: status.authenticated, user: status.user, audiences: status.audiences, error: status.error });

/** The server leaves out what is false, and tells an empty user. */
export const told = ({ authenticated = false, user, audiences, error, refused }) => ({
  authenticated, user: user?.username === undefined ? undefined : user, audiences, error: error ?? refused,
});

/** Claims as the server signs them, for each kind of token. */
async function genuine(server) {
  const bound = { pod: { kind: "Pod", name: "web" }, pending: { kind: "Pod", name: "pending" }, secret: { kind: "Secret", name: "anchor" }, node: { kind: "Node", name: "node-1" }, nothing: undefined };
  const tokens = await Promise.all(Object.entries(bound).map(async ([name, ref]) => [name, await server.token(NAMESPACE, "app", { expirationSeconds: 3600, boundObjectRef: ref && { apiVersion: "v1", ...ref } })]));
  return Object.fromEntries(tokens);
}

export async function issuedTokens(test, server) {
  const matrix = new Matrix();
  const tokens = await genuine(server);
  const known = await server.known();
  const api = server.cluster.apiAudiences ?? server.cluster.issuers ?? [claimsOf(tokens.nothing).iss];
  const asked = [undefined, [], api, [api[0], api[0]], ["vault"], ["vault", api[0]], [""], ["vault", "b"]];
  const own = [undefined, null, "vault", api[0], ["vault"], [], [""], ["", "vault"], ["vault", "b", api[0]], ["b", "vault", "vault"]];
  const questions = [
    ...Object.entries(tokens).flatMap(([name, token]) => asked.map((audiences) => [`bound to ${name}`, token, audiences])),
    ...own.flatMap((aud) => asked.map((audiences) => [`aud ${JSON.stringify(aud)}`, mint(server.signer, changed(claimsOf(tokens.pod), ["aud"], aud)), audiences])),
  ];
  for (const key of server.keySet) {
    for (const kid of [key.kid, undefined, ""]) questions.push([`signed by ${key.kind}, kid ${kid}`, mint(key, claimsOf(tokens.pod), { header: { alg: key.alg, kid } })]);
  }
  const stranger = newKey(server.signer.kind);
  questions.push(["signed by a stranger", mint(stranger, claimsOf(tokens.pod))], ["signed by a stranger, no kid", mint(stranger, claimsOf(tokens.pod), { header: { alg: stranger.alg } })]);
  questions.push(["signed by a stranger with the kid", mint(stranger, claimsOf(tokens.pod), { header: { alg: stranger.alg, kid: server.signer.kid } })]);
  for (const iss of [...(server.cluster.issuers ?? []), "https://other.example", "kubernetes/serviceaccount", ""]) {
    questions.push([`iss ${iss}`, mint(server.signer, changed(claimsOf(tokens.pod), ["iss"], iss))]);
  }
  await sideBySide(questions, ([name, token, audiences]) => compare(matrix, server, known, name, token, audiences));
  matrix.settle(test);
}

/** `share`: which of the tokens are tried. */
export async function oddTokens(test, server, share) {
  const matrix = new Matrix();
  const { pod, secret, node, nothing } = await genuine(server);
  const key = server.signer;
  const known = await server.known();
  const both = changed(claimsOf(pod), ["kubernetes.io", "secret"], claimsOf(secret)["kubernetes.io"].secret);
  const tokens = [
    ...wrongClaims(key, claimsOf(pod)), ...wrongClaims(key, claimsOf(secret)), ...wrongClaims(key, claimsOf(node)), ...wrongClaims(key, both),
    ...wrongTimes(key, claimsOf(nothing), Math.floor(Date.now() / 1000)),
    ...oddPayloads(key, claimsOf(pod)), ...oddHeaders(key, claimsOf(pod)), ...otherAlgorithms(key, claimsOf(pod)), ...oddForms(key, pod),
  ];
  await sideBySide(thinned(tokens, share), ([name, token]) => compare(matrix, server, known, name, token));
  matrix.settle(test);
}

/** Several faults at once show the order of judgement. */
export async function faultyTokens(test, server, { seed, count }) {
  const matrix = new Matrix();
  const chance = new Chance(seed);
  const kinds = Object.values(await genuine(server)).map(claimsOf);
  const known = await server.known();
  const now = Math.floor(Date.now() / 1000);
  const values = [undefined, undefined, null, "", "x", 1, -1, [], ["vault"], {}, now - 3600, now + 3600, "kubernetes/serviceaccount", "system:serviceaccount:production:other", "nowhere"];
  const tokens = Array.from({ length: count }, (_, index) => {
    let claims = chance.one(kinds);
    for (let left = 1 + chance.below(3); left > 0; left -= 1) {
      const path = chance.one(places(claims).filter((place) => place.length > 0));
      claims = changed(claims, path, chance.one(values));
    }
    const header = chance.perhaps(0.15) ? chance.one([{ alg: server.signer.alg }, { alg: server.signer.alg, kid: "unknown" }, { alg: "HS256", kid: server.signer.kid }]) : undefined;
    const audiences = chance.perhaps(0.2) ? chance.one([["vault"], [""], ["a", "b"]]) : undefined;
    return [`seed ${seed}, ${index}: ${JSON.stringify(claims)}`, mint(server.signer, claims, { header }), audiences];
  });
  await sideBySide(tokens, ([name, token, audiences]) => compare(matrix, server, known, name, token, audiences));
  matrix.settle(test);
}
