/** A key set in use: what the engine made of it, and whoever checks signatures with it. */

import type { KeySet, VerifiedToken } from "../api.js";
import { call } from "../engine.js";
import { KeySetInvalidError } from "../errors.js";
import { plainOf } from "../input.js";
import { Judge, type PublicJwk } from "../judge.js";
import { type Later, type Now, passesNow, verifyLater, verifyNow } from "../signatures.js";

/** Most keys of a set. */
const MOST_KEYS = 100;

/** How signatures are checked. */
export type Crypto = { kind: "engine" } | { kind: "now"; of(jwks: (PublicJwk | null)[]): Now } | { kind: "later"; of(jwks: (PublicJwk | null)[]): Later };

export interface JudgeOptions { issuer: string[] | string | null; audience: string | string[] | null; algorithms?: string[]; clockTolerance?: number }

/** Reads a key set; throws if it is none. */
export class Keys {
  readonly text: string;
  readonly kids: string[];
  readonly warnings: string[];
  readonly #judge: Judge;
  readonly #now: Now | undefined;
  readonly #later: Later | undefined;

  constructor(text: string, options: JudgeOptions, crypto: Crypto) {
    const set = call<KeySet>("parseKeys", text);
    const broken = set.checks.find((check) => check.id === "keys/format" && check.status === "fail");
    if (broken) throw invalid(broken.title, "malformed");
    if (set.discovery) throw invalid("this is a discovery document, not a key set; its `jwks_uri` is " + set.discovery.jwksUri, "discovery-document");
    if (set.keys.length > MOST_KEYS) throw invalid(`the key set has ${set.keys.length} keys, at most ${MOST_KEYS} are taken`, "too-many-keys");
    this.text = text;
    this.kids = [...new Set(set.keys.filter((key) => key.use === "used").map((key) => key.kid || key.derivedKid || ""))];
    this.warnings = set.checks.filter((check) => check.status === "warn").map((check) => check.title);
    plainOf(options, "options");
    this.#judge = new Judge(text, options);
    this.#now = crypto.kind === "now" ? crypto.of(this.#judge.jwks()) : undefined;
    this.#later = crypto.kind === "later" ? crypto.of(this.#judge.jwks()) : undefined;
  }

  /** The short way, where signatures are checked at once. `undefined` says nothing. */
  passes(token: string, now: number): VerifiedToken | undefined {
    return this.#now && passesNow(this.#judge, this.#now, token, now);
  }

  /** At once, or with a promise where the signature is checked so. Throws the first failing check. */
  verify(token: string, now: number): VerifiedToken | Promise<VerifiedToken> {
    if (this.#now) return verifyNow(this.#judge, this.#now, token, now);
    if (this.#later) return verifyLater(this.#judge, this.#later, token, now);
    return this.#judge.conclude(token, now, []);
  }

  dispose(): void {
    this.#judge.dispose();
  }
}

export function invalid(message: string, reason: string): KeySetInvalidError {
  return new KeySetInvalidError({ name: "KeySetInvalidError", code: KeySetInvalidError.code, message, details: { reason } });
}
