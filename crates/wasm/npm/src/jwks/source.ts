/** The keys of one issuer: fetched when they are needed, kept for a while, given up when they are withdrawn. */

import { KeySetFetchError, KeySetInvalidError, KeySetTimeoutError, PodpassError } from "../errors.js";
import type { IssuerSnapshot, IssuerState, KeyStore } from "./api.js";
import type { Events } from "./events.js";
import { type Fetched, fetchFailure } from "./fetch.js";
import { type Crypto, invalid, type JudgeOptions, Keys } from "./keys.js";

const MINUTE = 60_000;
/** Bounds of what `Cache-Control` may ask for, and what is taken where it says nothing. */
const [SHORTEST_AGE, LONGEST_AGE, USUAL_AGE] = [MINUTE, 24 * 60 * MINUTE, 10 * MINUTE];
/** Waiting after failures: it doubles from the one to the other. */
const [FIRST_WAIT, LONGEST_WAIT] = [1_000, MINUTE];
/** Clocks of machines that share snapshots differ by no more. */
const CLOCK_SKEW = MINUTE;

export interface SourceOptions {
  issuer: string;
  judge: JudgeOptions;
  crypto: Crypto;
  /** Gets the key set; absent: the keys are given and stay. */
  load?: (stop: AbortSignal) => Promise<Fetched & { jwksUri: string }>;
  events: Events;
  /** Milliseconds. */
  clock: () => number;
  cooldownMs: number;
  maxAgeMs: number | undefined;
  staleIfErrorMs: number;
  background: boolean;
  store: KeyStore | undefined;
}

interface Held { keys: Keys; fetchedAt: number; expiresAt: number; jwksUri: string | undefined }

export class Source {
  readonly issuer: string;
  /** Changes with the keys: what was concluded with others no longer counts. */
  generation = 0;
  readonly #options: SourceOptions;
  readonly #stop = new AbortController();
  #held: Held | undefined;
  #inFlight: Promise<void> | undefined;
  #lastError: PodpassError | undefined;
  #failures = 0;
  #nextAttemptAt = 0;
  #lastFetchAt = Number.NEGATIVE_INFINITY;
  #shared = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: SourceOptions, fixed?: string) {
    this.issuer = options.issuer;
    this.#options = options;
    if (fixed !== undefined) {
      this.#held = { keys: new Keys(fixed, options.judge, options.crypto), fetchedAt: options.clock(), expiresAt: Number.POSITIVE_INFINITY, jwksUri: undefined };
    }
  }

  /** Keys that are neither missing nor old, without waiting for anything. */
  get fresh(): Keys | undefined {
    return this.#held && this.#options.clock() < this.#held.expiresAt ? this.#held.keys : undefined;
  }

  get isFixed(): boolean {
    return this.#options.load === undefined;
  }

  /** Keys to verify with, fetched if need be; `stale` where that failed and they are older than they should be. */
  async keys(): Promise<{ keys: Keys; stale: boolean }> {
    const fresh = this.fresh;
    if (fresh) return { keys: fresh, stale: false };
    try {
      await this.refresh();
    } catch (error) {
      const held = this.#held;
      const until = held ? held.expiresAt + this.#options.staleIfErrorMs : 0;
      if (!held || this.#options.clock() >= until) throw error;
      this.#options.events.emit("staleUsed", { issuer: this.issuer, fetchedAt: held.fetchedAt / 1000, expiredAt: held.expiresAt / 1000, until: until / 1000 });
      return { keys: held.keys, stale: true };
    }
    return { keys: (this.#held as Held).keys, stale: false };
  }

  /** Whether a `kid` that is not known may cause a fetch now; if not, when. */
  cooldownEndsAt(): number | undefined {
    if (this.isFixed) return undefined;
    return Math.max(this.#lastFetchAt + this.#options.cooldownMs, this.#nextAttemptAt);
  }

  /** What is held was fetched by another instance. */
  get isShared(): boolean {
    return this.#shared;
  }

  /** One fetch at a time, whoever asks; none while the last failure is too recent. `direct`: whatever the store holds. */
  refresh(direct = false): Promise<void> {
    if (this.isFixed) return Promise.resolve();
    if (this.#inFlight) return this.#inFlight;
    if (this.#lastError && this.#options.clock() < this.#nextAttemptAt) return Promise.reject(this.#withRetry(this.#lastError));
    this.#inFlight = this.#attempt(direct).finally(() => {
      this.#inFlight = undefined;
    });
    return this.#inFlight;
  }

  async #attempt(direct: boolean): Promise<void> {
    try {
      this.#shared = !direct && (await this.#takeFromStore());
      if (this.#shared) return;
      this.#lastFetchAt = this.#options.clock();
      const { text, maxAgeMs, jwksUri } = await (this.#options.load as NonNullable<SourceOptions["load"]>)(this.#stop.signal);
      if (this.#stop.signal.aborted) return;
      const fetchedAt = this.#options.clock();
      const age = this.#options.maxAgeMs ?? Math.min(Math.max(maxAgeMs ?? USUAL_AGE, SHORTEST_AGE), LONGEST_AGE);
      this.#take({ keys: this.#read(text, jwksUri), fetchedAt, expiresAt: fetchedAt + age, jwksUri }, "fetch");
      await this.#giveToStore();
    } catch (error) {
      if (this.#stop.signal.aborted) throw error;
      throw this.#failed(error instanceof PodpassError ? error : fetchFailure(this.issuer, "an unexpected failure", { cause: error }));
    }
  }

  #read(text: string, url: string): Keys {
    refuseStatus(text, url);
    try {
      return new Keys(text, this.#options.judge, this.#options.crypto);
    } catch (error) {
      throw error instanceof KeySetInvalidError ? Object.assign(error, { url, retryable: true }) : error;
    }
  }

  #failed(error: PodpassError): PodpassError {
    this.#failures += 1;
    const wait = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** (this.#failures - 1));
    // Spread, so that many instances do not come back at once.
    this.#nextAttemptAt = this.#options.clock() + wait * (0.5 + Math.random() / 2);
    this.#lastError = error;
    const { code, message } = error;
    this.#options.events.emit("refreshError", { issuer: this.issuer, code, message, failures: this.#failures, nextAttemptAt: this.#nextAttemptAt / 1000 });
    this.#schedule(this.#nextAttemptAt);
    return this.#withRetry(error);
  }

  /** Each caller gets an error of its own: stacks differ, and applications write on them. */
  #withRetry(error: PodpassError): PodpassError {
    const { name, code, message, cause } = error;
    const Class = code === KeySetTimeoutError.code ? KeySetTimeoutError : code === KeySetFetchError.code ? KeySetFetchError : code === KeySetInvalidError.code ? KeySetInvalidError : PodpassError;
    const own = new Class({ name, code, message, details: { ...error, issuer: this.issuer, retryable: true, retryAt: this.#nextAttemptAt / 1000 } });
    return cause === undefined ? own : Object.assign(own, { cause });
  }

  #take(held: Held, source: "fetch" | "store" | "hydrate"): void {
    const [before, after] = [new Set(this.#held?.keys.kids), new Set(held.keys.kids)];
    const changed = this.#held?.keys.text !== held.keys.text;
    if (changed) {
      this.generation += 1;
      this.#held?.keys.dispose();
      this.#held = held;
    } else {
      held.keys.dispose();
      this.#held = { ...held, keys: (this.#held as Held).keys };
    }
    [this.#failures, this.#nextAttemptAt, this.#lastError] = [0, 0, undefined];
    const { issuer } = this;
    this.#options.events.emit("refresh", { issuer, source, kids: held.keys.kids, fetchedAt: held.fetchedAt / 1000, expiresAt: held.expiresAt / 1000 });
    for (const kid of after) if (!before.has(kid)) this.#options.events.emit("keyAdded", { issuer, kid });
    for (const kid of before) if (!after.has(kid)) this.#options.events.emit("keyRemoved", { issuer, kid });
    this.#schedule(held.fetchedAt + (held.expiresAt - held.fetchedAt) * 0.8);
  }

  #schedule(at: number): void {
    if (!this.#options.background || this.#stop.signal.aborted) return;
    clearTimeout(this.#timer);
    const wait = Math.max(at - this.#options.clock(), FIRST_WAIT);
    this.#timer = setTimeout(() => void this.refresh().catch(() => undefined), Math.min(wait, LONGEST_AGE));
    (this.#timer as { unref?: () => void }).unref?.();
  }

  get #storeKey(): string {
    return `podpass:jwks:${this.issuer}`;
  }

  /** What another instance fetched, if it is newer than what is held, and good. */
  async #takeFromStore(): Promise<boolean> {
    try {
      const text = await this.#options.store?.get(this.#storeKey);
      if (text == null) return false;
      const snapshot = JSON.parse(text) as IssuerSnapshot;
      const now = this.#options.clock();
      const newer = snapshot.fetchedAt * 1000 > (this.#held?.fetchedAt ?? 0);
      if (!newer || snapshot.issuer !== this.issuer || snapshot.expiresAt * 1000 <= now) return false;
      this.#take(this.#opened(snapshot), "store");
      return true;
    } catch {
      return false; // a store that fails, or holds what is no snapshot, is as good as none
    }
  }

  async #giveToStore(): Promise<void> {
    const snapshot = this.snapshot();
    if (!snapshot || !this.#options.store) return;
    const ttl = Math.ceil(snapshot.expiresAt - snapshot.fetchedAt + this.#options.staleIfErrorMs / 1000);
    await this.#options.store.set(this.#storeKey, JSON.stringify(snapshot), ttl).catch(() => undefined);
  }

  snapshot(): IssuerSnapshot | undefined {
    if (!this.#held || this.isFixed) return undefined;
    const { keys, fetchedAt, expiresAt, jwksUri } = this.#held;
    return { issuer: this.issuer, jwks: JSON.parse(keys.text), fetchedAt: fetchedAt / 1000, expiresAt: expiresAt / 1000, ...(jwksUri && { jwksUri }) };
  }

  /** Reads a snapshot; throws if it is none, from the future, or older than keys may get. */
  opened(snapshot: IssuerSnapshot): () => void {
    const held = this.#opened(snapshot);
    if (this.#options.clock() >= held.expiresAt + this.#options.staleIfErrorMs) throw invalid(`the snapshot of ${this.issuer} is too old`, "too-old");
    return () => (held.fetchedAt > (this.#held?.fetchedAt ?? 0) ? this.#take(held, "hydrate") : held.keys.dispose());
  }

  #opened({ jwks, fetchedAt, expiresAt, jwksUri }: IssuerSnapshot): Held {
    if (!(Number.isFinite(fetchedAt) && Number.isFinite(expiresAt) && fetchedAt <= expiresAt)) throw invalid("the snapshot has no times", "malformed");
    if (fetchedAt * 1000 > this.#options.clock() + CLOCK_SKEW) throw invalid(`the snapshot of ${this.issuer} is from the future`, "from-the-future");
    const longest = fetchedAt * 1000 + (this.#options.maxAgeMs ?? LONGEST_AGE);
    const keys = new Keys(JSON.stringify(jwks), this.#options.judge, this.#options.crypto);
    return { keys, fetchedAt: fetchedAt * 1000, expiresAt: Math.min(expiresAt * 1000, longest), jwksUri };
  }

  state(): IssuerState {
    const held = this.#held;
    const uri = held?.jwksUri;
    return {
      issuer: this.issuer,
      kids: held?.keys.kids ?? [],
      fetchedAt: held ? held.fetchedAt / 1000 : null,
      expiresAt: held && !this.isFixed ? held.expiresAt / 1000 : null,
      stale: held !== undefined && this.fresh === undefined,
      lastError: this.#lastError ? { code: this.#lastError.code, message: this.#lastError.message } : null,
      nextAttemptAt: this.#nextAttemptAt > this.#options.clock() ? this.#nextAttemptAt / 1000 : null,
      inFlight: this.#inFlight !== undefined,
      ...(uri && { jwksUri: uri, privateAddress: isPrivate(uri) }),
      warnings: held?.keys.warnings ?? [],
    };
  }

  dispose(): void {
    this.#stop.abort();
    clearTimeout(this.#timer);
    this.#held?.keys.dispose();
    this.#held = undefined;
  }
}

/** An API server that refuses answers with a Status object, of type JSON like any other. */
function refuseStatus(text: string, url: string): void {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    throw Object.assign(invalid("the answer is not valid JSON", "malformed"), { url, retryable: true });
  }
  const { kind, keys, message } = (body ?? {}) as { kind?: unknown; keys?: unknown; message?: unknown };
  if (kind === "Status") throw fetchFailure(url, `an API server answered with a Status: ${String(message).slice(0, 120)}`, { hint: "a token, or the binding system:service-account-issuer-discovery, is missing" });
  if (!Array.isArray(keys)) throw Object.assign(invalid("the answer is no JWKS: it has no list `keys`", "malformed"), { url, retryable: true });
}

/** RFC 1918, RFC 6598, RFC 4193, link-local and loopback; cluster-internal names. */
export function isPrivate(url: string): boolean {
  const { hostname } = new URL(url);
  return /^(10\.|127\.|192\.168\.|169\.254\.|172\.(1[6-9]|2\d|3[01])\.|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|\[(::1|f[cd]|fe80))/i.test(hostname)
    || /(^|\.)(localhost|local|internal|svc)$/i.test(hostname);
}
