/** Signing keys of a throw-away cluster, and tokens signed with them: also such that no API server would sign. */
import { createHash, createPrivateKey, createPublicKey, constants, generateKeyPairSync, sign } from "node:crypto";

const CURVES = { p256: "P-256", p384: "P-384", p521: "P-521" };

/** What the API server signs with, by key (K3). */
const SIGNS = { rsa: "RS256", p256: "ES256", p384: "ES384", p521: "ES512" };

export const KINDS = Object.keys(SIGNS);

/** `{ kind, alg, kid, privatePem, publicPem, jwk }`; the last without its id. */
export function newKey(kind) {
  const { privateKey } =
    kind === "rsa" ? generateKeyPairSync("rsa", { modulusLength: 2048 }) : generateKeyPairSync("ec", { namedCurve: CURVES[kind] });
  const publicKey = createPublicKey(privateKey);
  return {
    kind,
    alg: SIGNS[kind],
    kid: createHash("sha256").update(publicKey.export({ format: "der", type: "spki" })).digest("base64url"),
    // The API server reads RSA keys in either form, keys of elliptic curves only in that of SEC 1.
    privatePem: privateKey.export({ format: "pem", type: kind === "rsa" ? "pkcs1" : "sec1" }),
    publicPem: publicKey.export({ format: "pem", type: "spki" }),
    jwk: publicKey.export({ format: "jwk" }),
  };
}

/** Text, bytes or an object as one part of a token. */
export const part = (value) => (Buffer.isBuffer(value) ? value : Buffer.from(typeof value === "string" ? value : JSON.stringify(value))).toString("base64url");

/** A token of this header and payload, each as [`part`] takes it. `alg` is what signs, whatever the header says. */
export function mint(key, payload, { header = { alg: key.alg, kid: key.kid }, alg = key.alg } = {}) {
  const input = `${part(header)}.${part(payload)}`;
  return `${input}.${signature(key, alg, input).toString("base64url")}`;
}

function signature(key, alg, input) {
  const private_ = createPrivateKey(key.privatePem);
  const hash = `sha${alg.slice(2)}`;
  const data = Buffer.from(input);
  if (alg.startsWith("PS")) {
    return sign(hash, data, { key: private_, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST });
  }
  return sign(hash, data, { key: private_, dsaEncoding: "ieee-p1363" });
}

export const claimsOf = (token) => JSON.parse(Buffer.from(token.split(".")[1], "base64url").toString());
export const headerOf = (token) => JSON.parse(Buffer.from(token.split(".")[0], "base64url").toString());
