/** Signatures by `node:crypto`. Keys are prepared once. */

import { constants, createPublicKey, type KeyObject, verify, type VerifyKeyObjectInput } from "node:crypto";

import type { PublicJwk } from "../judge.js";
import type { Now } from "../signatures.js";

interface Prepared { hash: string | null; key: KeyObject | VerifyKeyObjectInput }

export class HostSignatures implements Now {
  readonly #jwks: (PublicJwk | null)[];
  readonly #prepared = new Map<string, Prepared | undefined>();

  constructor(jwks: (PublicJwk | null)[]) {
    this.#jwks = jwks;
  }

  check(key: number, alg: string, input: Uint8Array, signature: Uint8Array): boolean | undefined {
    const prepared = this.#of(key, alg);
    if (!prepared) return undefined;
    try {
      return verify(prepared.hash, input, prepared.key, signature);
    } catch {
      return undefined; // a kind of key that this build of OpenSSL refuses: the engine knows
    }
  }

  #of(key: number, alg: string): Prepared | undefined {
    const name = `${key} ${alg}`;
    if (!this.#prepared.has(name)) this.#prepared.set(name, prepare(this.#jwks[key], alg));
    return this.#prepared.get(name);
  }
}

/** RFC 7518 §3.3 to §3.5, RFC 8037 §3.1. */
function prepare(jwk: PublicJwk | null | undefined, alg: string): Prepared | undefined {
  if (!jwk) return undefined;
  try {
    const key = createPublicKey({ key: { ...jwk }, format: "jwk" });
    const hash = `sha${alg.slice(2)}`;
    switch (alg.slice(0, 2)) {
      case "RS": return { hash, key };
      case "PS": return { hash, key: { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST } };
      case "ES": return { hash, key: { key, dsaEncoding: "ieee-p1363" } };
      case "Ed": return { hash: null, key };
      default: return undefined;
    }
  } catch {
    return undefined;
  }
}
