/** Listeners of a verifier. */

import type { VerifierEvent, VerifierEvents } from "./api.js";

type Listener = (event: never) => void;

export class Events {
  readonly #listeners = new Map<VerifierEvent, Set<Listener>>();

  /** Gives what ends the listening. */
  on<Name extends VerifierEvent>(name: Name, listener: (event: VerifierEvents[Name]) => void): () => void {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners.add(listener as Listener));
    return () => listeners.delete(listener as Listener);
  }

  /** A listener that throws keeps neither the others nor the verification. */
  emit<Name extends VerifierEvent>(name: Name, event: VerifierEvents[Name]): void {
    for (const listener of this.#listeners.get(name) ?? []) {
      try {
        (listener as (event: VerifierEvents[Name]) => void)(event);
      } catch { /* it is the application's to handle */ }
    }
  }
}
