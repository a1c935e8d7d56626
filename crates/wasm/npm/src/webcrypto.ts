/** Signatures by WebCrypto, wherever there is `crypto.subtle`. Keys are imported once. */

import type { PublicJwk } from "./judge.js";
import type { Later } from "./signatures.js";

interface Way { import: AlgorithmIdentifier | RsaHashedImportParams | EcKeyImportParams; verify: AlgorithmIdentifier | RsaPssParams | EcdsaParams }

/** RFC 7518 §3.3 to §3.5, RFC 8037 §3.1. */
function wayOf(alg: string, curve: string | undefined): Way | undefined {
  const bits = Number(alg.slice(2));
  const hash = `SHA-${bits}`;
  switch (alg.slice(0, 2)) {
    case "RS": return { import: { name: "RSASSA-PKCS1-v1_5", hash }, verify: { name: "RSASSA-PKCS1-v1_5" } };
    case "PS": return { import: { name: "RSA-PSS", hash }, verify: { name: "RSA-PSS", saltLength: bits / 8 } };
    case "ES": return { import: { name: "ECDSA", namedCurve: curve as string }, verify: { name: "ECDSA", hash } };
    case "Ed": return { import: { name: "Ed25519" }, verify: { name: "Ed25519" } };
    default: return undefined;
  }
}

export class WebSignatures implements Later {
  readonly #jwks: (PublicJwk | null)[];
  readonly #keys = new Map<string, Promise<CryptoKey | undefined>>();

  constructor(jwks: (PublicJwk | null)[]) {
    this.#jwks = jwks;
  }

  async check(key: number, alg: string, input: Uint8Array<ArrayBuffer>, signature: Uint8Array<ArrayBuffer>): Promise<boolean | undefined> {
    const way = wayOf(alg, this.#jwks[key]?.crv);
    const imported = await this.#imported(key, alg, way);
    return imported && way ? crypto.subtle.verify(way.verify, imported, signature, input) : undefined;
  }

  /** A runtime may lack a curve (P-521, Ed25519): then the engine checks. */
  #imported(key: number, alg: string, way: Way | undefined): Promise<CryptoKey | undefined> {
    const name = `${key} ${alg}`;
    let imported = this.#keys.get(name);
    if (!imported) {
      const jwk = this.#jwks[key];
      imported = jwk && way ? crypto.subtle.importKey("jwk", { ...jwk }, way.import, false, ["verify"]).catch(() => undefined) : Promise.resolve(undefined);
      this.#keys.set(name, imported);
    }
    return imported;
  }
}
