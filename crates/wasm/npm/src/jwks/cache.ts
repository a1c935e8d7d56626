/** Verified tokens, remembered. The key is the whole token: a digest would have to be computed, and could collide. */

import type { VerifiedToken } from "../api.js";

interface Entry { verified: VerifiedToken; from: number; until: number; source: object; generation: number }

export class TokenCache {
  readonly #most: number;
  readonly #entries = new Map<string, Entry>();

  constructor(most: number) {
    this.#most = most;
  }

  /** A token that surely passes now: within its own times, tolerance left aside. At the borders the engine judges. */
  find(token: string, now: number, holds: (entry: Entry) => boolean): VerifiedToken | undefined {
    const entry = this.#entries.get(token);
    if (entry === undefined) return undefined;
    if (now >= entry.from && now < entry.until && holds(entry)) return entry.verified;
    this.#entries.delete(token);
    return undefined;
  }

  add(token: string, verified: VerifiedToken, source: object, generation: number): void {
    const { nbf, iat } = verified.claims as { nbf?: number; iat?: number };
    const until = verified.expiresAt;
    if (until === undefined) return; // without an end there is none to forget it at
    if (this.#entries.size >= this.#most) this.#entries.delete(this.#entries.keys().next().value as string);
    this.#entries.set(token, { verified: frozen(verified), from: Math.max(nbf ?? 0, iat ?? 0), until: Math.trunc(until), source, generation });
  }

  clear(): void {
    this.#entries.clear();
  }

  get size(): number {
    return this.#entries.size;
  }
}

/** Many callers get the same result: none may change it. */
function frozen<Value>(value: Value): Value {
  if (typeof value === "object" && value !== null) Object.values(Object.freeze(value)).forEach(frozen);
  return value;
}
