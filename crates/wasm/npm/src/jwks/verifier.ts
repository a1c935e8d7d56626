/** Several issuers, one verifier. */

import { NoMatchingKeyError, PodpassError } from "../errors.js";
import { wrongArgument } from "../failure.js";
import { documentOf, plainOf, textOf } from "../input.js";
import { Judge } from "../judge.js";
import type { IssuerConfig, Snapshot, VerifiedOnline, Verifier, VerifierOptions } from "./api.js";
import { TokenCache } from "./cache.js";
import { checkIssuer, checkOptions, loaderOf, namesOf } from "./config.js";
import { Events } from "./events.js";
import { type Fetch, fetchFailure } from "./fetch.js";
import { type Crypto, invalid, type Keys } from "./keys.js";
import { Source } from "./source.js";

const DEFAULTS = { timeoutMs: 5_000, cooldownMs: 30_000, staleIfErrorMs: 3_600_000 };

/** With more issuers the token's own says at once whose keys to take. */
const MOST_ASKED_IN_TURN = 8;

/** What a runtime has beyond `fetch`. */
export interface Runtime { crypto: Crypto; fetchFor?: (config: IssuerConfig) => Fetch | undefined; moreOptions?: string[] }

export function verifierOf(options: Omit<VerifierOptions, "crypto">, runtime: Runtime): Verifier {
  checkOptions(options as VerifierOptions, runtime.moreOptions);
  return new SeveralIssuers(options, runtime);
}

class SeveralIssuers implements Verifier {
  readonly #events = new Events();
  readonly #sources: Source[] = [];
  readonly #byName = new Map<string, Source>();
  /** Knows the issuers and algorithms of all, and no keys. */
  readonly #porter: Judge;
  readonly #now: () => number;
  readonly #cache: TokenCache | undefined;
  #disposed = false;

  constructor(options: Omit<VerifierOptions, "crypto">, runtime: Runtime) {
    const { clockTolerance, cache } = options;
    this.#now = options.now ?? (() => Date.now() / 1000);
    const judged = clockTolerance === undefined ? {} : { clockTolerance };
    for (const config of options.issuers) {
      checkIssuer(config);
      const source = this.#sourceOf(config, options, runtime, judged);
      this.#sources.push(source);
      for (const name of namesOf(config)) {
        if (this.#byName.has(name)) throw wrongArgument(`issuer ${name} is configured twice`);
        this.#byName.set(name, source);
      }
    }
    const algorithms = options.issuers.every((config) => config.algorithms) ? { algorithms: [...new Set(options.issuers.flatMap((config) => config.algorithms as string[]))] } : {};
    this.#porter = new Judge('{"keys":[]}', { issuer: [...this.#byName.keys()], audience: null, ...algorithms });
    this.#cache = cache ? new TokenCache(cache.maxEntries) : undefined;
    if (options.backgroundRefresh) void this.warmUp();
  }

  #sourceOf(config: IssuerConfig, options: Omit<VerifierOptions, "crypto">, runtime: Runtime, judged: { clockTolerance?: number }): Source {
    const { issuer, audience, algorithms, jwks } = config;
    const { timeoutMs = DEFAULTS.timeoutMs, cooldownMs = DEFAULTS.cooldownMs, staleIfErrorMs = DEFAULTS.staleIfErrorMs, maxAgeMs, backgroundRefresh = false, store } = options;
    const ask: Fetch = runtime.fetchFor?.(config) ?? ((url, init) => (options.fetch ?? globalThis.fetch)(url, init));
    const judge = { issuer: namesOf(config), audience, ...judged, ...(algorithms && { algorithms }) };
    plainOf(judge, "issuer");
    new Judge('{"keys":[]}', judge).dispose(); // options that make no sense throw here, not at the first token
    const load = loaderOf(config, ask, timeoutMs);
    const clock = () => this.#now() * 1000;
    const source = { issuer, judge, crypto: runtime.crypto, events: this.#events, clock, cooldownMs, maxAgeMs, staleIfErrorMs, background: backgroundRefresh, store, ...(load && { load }) };
    return new Source(source, jwks === undefined ? undefined : documentOf(jwks, "jwks"));
  }

  async verify(token: string): Promise<VerifiedOnline> {
    const now = this.#now();
    const known = this.#cache?.find(token, now, ({ source, generation }) => (source as Source).generation === generation && (source as Source).fresh !== undefined);
    return known ?? this.#passes(textOf(token, "token"), now) ?? this.#verify(token, now);
  }

  /** The short way: what passes with keys at hand waits for nothing. A key set judges its own issuer's tokens only. */
  #passes(token: string, now: number): VerifiedOnline | undefined {
    if (this.#sources.length > MOST_ASKED_IN_TURN || this.#disposed) return undefined;
    for (const source of this.#sources) {
      const verified = source.fresh?.passes(token, now);
      if (verified) return this.#passed(token, verified, source, source.generation, false);
    }
    return undefined;
  }

  async #verify(token: string, now: number): Promise<VerifiedOnline> {
    if (this.#disposed) throw wrongArgument("the verifier was disposed of");
    // The token only picks among issuers; with one there is nothing to pick, but it is judged all the same.
    const only = this.#sources.length === 1 ? this.#sources[0] : undefined;
    const source = only?.fresh ? only : (this.#byName.get(this.#porter.introduce(token)) as Source);
    const { keys, stale } = await this.#keysOf(source);
    const { generation } = source;
    try {
      return this.#passed(token, await keys.verify(token, now), source, generation, stale);
    } catch (error) {
      if (!(error instanceof NoMatchingKeyError) || source.isFixed) throw error;
      this.#porter.introduce(token); // another issuer's token is no reason to fetch this one's keys
      return this.#withNewKeys(token, source, error);
    }
  }

  #keysOf(source: Source): { keys: Keys; stale: boolean } | Promise<{ keys: Keys; stale: boolean }> {
    const keys = source.fresh;
    return keys ? { keys, stale: false } : source.keys();
  }

  #passed(token: string, verified: VerifiedOnline, source: Source, generation: number, stale: boolean): VerifiedOnline {
    if (stale) return { ...verified, stale: true };
    if (generation === source.generation) this.#cache?.add(token, verified, source, generation);
    return verified;
  }

  /** A key that is not known may be a new one: the set is fetched again, unless that was done a moment ago. */
  async #withNewKeys(token: string, source: Source, error: NoMatchingKeyError): Promise<VerifiedOnline> {
    const state = source.state();
    if (!state.inFlight && this.#now() * 1000 < (source.cooldownEndsAt() as number)) {
      // Whether the key is new is not known while the keys are unreachable: not the caller's fault then.
      if (state.lastError) await source.refresh();
      throw Object.assign(error, { refreshedAt: state.fetchedAt, retryAt: (source.cooldownEndsAt() as number) / 1000 });
    }
    await source.refresh();
    try {
      return await this.#withFetchedKeys(token, source);
    } catch (again) {
      if (!(again instanceof NoMatchingKeyError)) throw again;
      if (source.isShared) {
        await source.refresh(true); // what another instance fetched was older than this key
        return this.#withFetchedKeys(token, source);
      }
      throw Object.assign(again, { refreshedAt: source.state().fetchedAt, retryAt: (source.cooldownEndsAt() as number) / 1000 });
    }
  }

  async #withFetchedKeys(token: string, source: Source): Promise<VerifiedOnline> {
    const { keys, stale } = await source.keys();
    const { generation } = source;
    return this.#passed(token, await keys.verify(token, this.#now()), source, generation, stale);
  }

  async warmUp(): Promise<{ issuer: string; ok: boolean; error?: PodpassError }[]> {
    const warm = async (source: Source) => {
      try {
        if (!source.fresh) await source.refresh();
        return { issuer: source.issuer, ok: true };
      } catch (error) {
        return { issuer: source.issuer, ok: false, error: error instanceof PodpassError ? error : fetchFailure(source.issuer, "an unexpected failure", { cause: error }) };
      }
    };
    return Promise.all(this.#sources.map(warm));
  }

  state() {
    return this.#sources.map((source) => source.state());
  }

  export(): Snapshot {
    const issuers = this.#sources.map((source) => source.snapshot()).filter((snapshot) => snapshot !== undefined);
    return { version: 1, exportedAt: this.#now(), issuers };
  }

  hydrate(snapshot: Snapshot): void {
    if (typeof snapshot !== "object" || snapshot === null || snapshot.version !== 1 || !Array.isArray(snapshot.issuers)) throw invalid("this is no snapshot of a verifier", "malformed");
    const steps = snapshot.issuers.map((one) => this.#sources.find((source) => source.issuer === one?.issuer && !source.isFixed)?.opened(one));
    for (const step of steps) step?.();
  }

  dispose(): void {
    this.#disposed = true;
    this.#cache?.clear();
    for (const source of this.#sources) source.dispose();
    this.#porter.dispose();
  }

  on: Verifier["on"] = (name, listener) => this.#events.on(name, listener);
}
