/** The keys of an API server: one that signs, and all that verify. */

import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";

import { parseKeys } from "../index.js";
import type { SigningAlgorithm } from "./api.js";

/** What API servers sign with (K3): of each algorithm its digest and how its keys are made. */
const ALGORITHMS: { [algorithm in SigningAlgorithm]: { hash: string; make(): { privateKey: KeyObject; publicKey: KeyObject } } } = {
  RS256: { hash: "sha256", make: () => generateKeyPairSync("rsa", { modulusLength: 2048 }) },
  ES256: { hash: "sha256", make: () => generateKeyPairSync("ec", { namedCurve: "P-256" }) },
  ES384: { hash: "sha384", make: () => generateKeyPairSync("ec", { namedCurve: "P-384" }) },
  ES512: { hash: "sha512", make: () => generateKeyPairSync("ec", { namedCurve: "P-521" }) },
};

interface Pair {
  algorithm: SigningAlgorithm;
  /** What the API server derives of the key (K2). */
  kid: string;
  pem: string;
  privateKey: KeyObject;
}

/** Key files in their order, the signing key first. */
export class Signer {
  #pairs: Pair[];

  constructor(algorithm: SigningAlgorithm) {
    this.#pairs = [made(algorithm)];
  }

  /** The public keys, as `--service-account-key-file` names them. */
  get pem(): string {
    return this.#pairs.map((pair) => pair.pem).join("");
  }

  get kid(): string {
    return this.#signing.kid;
  }

  /** A new key signs; the older ones go on verifying, unless they are withdrawn. */
  rotate(algorithm: SigningAlgorithm = this.#signing.algorithm): void {
    this.#pairs.unshift(made(algorithm));
  }

  /** Only the signing key is left. */
  withdraw(): void {
    this.#pairs.length = 1;
  }

  /** A compact JWS whose header has `alg` and `kid` and nothing else (K1). */
  sign(claims: object): string {
    const { algorithm, kid, privateKey } = this.#signing;
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
    const input = `${part({ alg: algorithm, kid })}.${part(claims)}`;
    const signature = sign(ALGORITHMS[algorithm].hash, Buffer.from(input), { key: privateKey, dsaEncoding: "ieee-p1363" });
    return `${input}.${signature.toString("base64url")}`;
  }

  get #signing(): Pair {
    const [first] = this.#pairs;
    if (first === undefined) throw new Error("a signer always has a key");
    return first;
  }
}

function made(algorithm: SigningAlgorithm): Pair {
  const row = ALGORITHMS[algorithm] as (typeof ALGORITHMS)[SigningAlgorithm] | undefined;
  if (!row) throw new TypeError(`algorithm must be one of ${Object.keys(ALGORITHMS).join(", ")}: API servers sign with nothing else`);
  const { privateKey, publicKey } = row.make();
  const pem = publicKey.export({ type: "spki", format: "pem" }).toString();
  const kid = parseKeys(pem).keys[0]?.derivedKid;
  if (kid === undefined) throw new Error("every RSA and EC key has a derived kid");
  return { algorithm, kid, pem, privateKey };
}
