/**
 * A verifier that lives in the engine: keys and options read once. Which key, which algorithm and which claims is
 * judged there; whoever checks the signature brings a verdict. Kept anew when the engine was replaced.
 */

import type { CheckedToken, VerifiedToken } from "./api.js";
import { call, foresee, type Foreseen, instance } from "./engine.js";

/** A public key as the engine tells it. */
export interface PublicJwk { kty: string; crv?: string; n?: string; e?: string; x?: string; y?: string }
/** What is to be checked: `input` bytes of the token are signed, by one of these keys. */
export interface SignatureRequest { alg: string; input: number; keys: number[] }
/** Whether a key, by its place, made the signature. */
export type Verdict = [key: number, made: boolean];

export class Judge {
  readonly #keys: string;
  readonly #options: string;
  #number = 0;
  #instance: unknown;

  /** Throws for options that make no sense. */
  constructor(keys: string, options: object) {
    this.#keys = keys;
    this.#options = JSON.stringify({ ...options, now: 0 });
    this.#keep();
  }

  #keep(): void {
    this.#number = call("keepVerifier", this.#keys, this.#options);
    this.#instance = instance();
  }

  /** Asks about this verifier; a forgotten one is kept anew. */
  #ask<Answer>(door: Parameters<typeof call>[0], ...given: (string | number)[]): Answer {
    if (this.#instance !== instance()) this.#keep();
    let answer = call<Answer | undefined>(door, this.#number, ...given);
    if (answer === undefined) {
      this.#keep();
      answer = call<Answer | undefined>(door, this.#number, ...given);
    }
    return answer as Answer;
  }

  /** The public keys by their places. */
  jwks(): (PublicJwk | null)[] {
    return this.#ask("verifierKeys");
  }

  /** The issuer; throws if form, algorithm or issuer is refused. */
  introduce(token: string): string {
    return this.#ask("introduceToken", token);
  }

  /** `undefined`: the token is refused whatever its signature says. */
  request(token: string): SignatureRequest | undefined {
    return this.#ask<{ request: SignatureRequest | null }>("requestSignature", token).request ?? undefined;
  }

  /** Throws the first failing check. */
  conclude(token: string, now: number, verdicts: Verdict[]): VerifiedToken {
    return this.#ask("concludeVerification", token, now, JSON.stringify(verdicts));
  }

  /** Lists every check. */
  list(token: string, now: number, verdicts: Verdict[]): CheckedToken {
    return this.#ask("concludeCheck", token, now, JSON.stringify(verdicts));
  }

  /** The answer, if the token passes once its signature is found right. */
  foresee(token: string, now: number): Foreseen | undefined {
    if (this.#instance !== instance()) this.#keep();
    return foresee(this.#number, token, now);
  }

  dispose(): void {
    if (this.#instance === instance()) call("releaseVerifier", this.#number);
  }
}
