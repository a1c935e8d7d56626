/** An issuer in a test: keys, tokens, and a server that can be told to misbehave. */
import { generateKeyPairSync, sign } from "node:crypto";

export const ISSUER = "https://issuer.example";
export const part = (value) => Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");

let made = 0;

/** A P-256 key: quick to make. */
export function keyPair(kid = `key-${++made}`) {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return { kid, privateKey, jwk: { ...publicKey.export({ format: "jwk" }), kid, alg: "ES256", use: "sig" } };
}

/** A token as an API server would issue it at `now`. */
export function tokenOf(key, now, claims = {}) {
  const payload = {
    aud: ["orders"], exp: now + 3600, iat: now, nbf: now, iss: ISSUER, jti: "j", sub: "system:serviceaccount:shop:web",
    "kubernetes.io": { namespace: "shop", serviceaccount: { name: "web", uid: "u" }, pod: { name: "web-1", uid: "p" } }, ...claims,
  };
  const input = `${part({ alg: "ES256", kid: key.kid })}.${part(payload)}`;
  return `${input}.${sign("sha256", Buffer.from(input), { key: key.privateKey, dsaEncoding: "ieee-p1363" }).toString("base64url")}`;
}

export const setOf = (...keys) => JSON.stringify({ keys: keys.map(({ jwk }) => jwk) });
export const json = (body, headers = {}, status = 200) => new Response(body, { status, headers: { "content-type": "application/jwk-set+json", ...headers } });

/** A clock that stands still, and a server that answers as told and counts. */
export function world(answer) {
  const world = {
    now: 1_700_000_000,
    requests: [],
    answer,
    clock: () => world.now,
    fetch: async (url, init) => {
      world.requests.push({ url: String(url), ...init });
      return world.answer(String(url), init);
    },
    events: [],
    /** Notes every event of a verifier. */
    watch(verifier) {
      for (const name of ["refresh", "refreshError", "keyAdded", "keyRemoved", "staleUsed"]) verifier.on(name, (event) => world.events.push([name, event]));
      return verifier;
    },
    names: () => world.events.map(([name]) => name),
  };
  return world;
}

/** What a promise rejects with. */
export async function rejection(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error("expected a rejection");
}
