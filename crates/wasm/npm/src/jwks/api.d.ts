/**
 * podpass/jwks: verification with keys that are fetched, cached and rotated. Runs wherever `fetch` does.
 *
 * Signature and claims are judged offline: a deleted pod, node or ServiceAccount is not noticed. For that ask the API
 * server's TokenReview.
 */

import type { CheckedToken, Json, PodpassError, UnixTime, VerifiedToken, VerifyOptions } from "../api.js";

/** The runtime's own types, where its declarations are at hand. */
type Global<Name extends string, Otherwise> = typeof globalThis extends { [name in Name]: infer Found } ? Found : Otherwise;
export type FetchFunction = Global<"fetch", (url: string, init: object) => Promise<unknown>>;

/** An issuer, and where its keys come from: exactly one of `jwks`, `jwksUri`, `discovery`. */
export interface IssuerConfig {
  /** Compared with `iss` byte for byte; never fetched from because a token says so. */
  issuer: string;
  /** Other spellings of the same issuer, such as the former one of a migrated cluster. */
  aliases?: string[];
  /** Yours. `null`: deliberately not checked. */
  audience: string | string[] | null;
  /** Keys that never change: JWKS, JWK or PEM. No network at all. */
  jwks?: string | object;
  /** Where the key set is; nothing is discovered then. https, or http on the loopback interface. */
  jwksUri?: string | { readonly href: string };
  /** Ask `<issuer>/.well-known/openid-configuration`; its `issuer` must be the configured one. */
  discovery?: true;
  /** Default: RS256-512, PS256-512, ES256-512, EdDSA. RS256 and ES256 are what clusters sign with. */
  algorithms?: string[];
}

/** Where instances share what they fetched: Redis, a file, ... What it throws counts as "not there". */
export interface KeyStore {
  get(key: string): Promise<string | null>;
  set(key: string, value: string, ttlSeconds: number): Promise<void>;
}

export interface VerifierOptions {
  issuers: IssuerConfig[];
  /** Seconds, default 60 as the API server. */
  clockTolerance?: number;
  fetch?: FetchFunction;
  /** For a whole answer with its body; default 5 000. */
  timeoutMs?: number;
  /** Between fetches because of a `kid` that is not known; default 30 000. */
  cooldownMs?: number;
  /** How long keys are good. Default: what `Cache-Control` says, within 1 minute and 24 hours; 10 minutes where it says nothing. */
  maxAgeMs?: number;
  /** How much longer they are used while fetching fails; default 3 600 000. A withdrawn key stays trusted for as long: 0 switches it off. */
  staleIfErrorMs?: number;
  /** Fetch before keys get old, so that no request waits. The timer keeps no process alive. Default false. */
  backgroundRefresh?: boolean;
  /** Who checks signatures; the answers are the same. Default `wasm`. */
  crypto?: "wasm" | "webcrypto";
  /** Remember verified tokens. Time is judged on every hit, a change of keys empties it. Results are frozen. Default false. */
  cache?: { maxEntries: number } | false;
  store?: KeyStore;
  /** The clock, in seconds; default the system's. */
  now?: () => UnixTime;
}

/** `stale`: the keys could not be refreshed and are older than they should be. */
export interface VerifiedOnline extends VerifiedToken { stale?: true }

export interface IssuerState {
  issuer: string;
  kids: string[];
  fetchedAt: UnixTime | null;
  expiresAt: UnixTime | null;
  stale: boolean;
  lastError: { code: string; message: string } | null;
  /** No fetch before this. */
  nextAttemptAt: UnixTime | null;
  inFlight: boolean;
  jwksUri?: string;
  /** The keys are at a private or loopback address. */
  privateAddress?: boolean;
  /** Why keys of the set are not used. */
  warnings: string[];
}

/** What `export()` gives and `hydrate()` takes: plain JSON. Public keys only. */
export interface Snapshot { version: 1; exportedAt: UnixTime; issuers: IssuerSnapshot[] }
export interface IssuerSnapshot { issuer: string; jwks: Json; fetchedAt: UnixTime; expiresAt: UnixTime; jwksUri?: string }

export interface VerifierEvents {
  refresh: { issuer: string; source: "fetch" | "store" | "hydrate"; kids: string[]; fetchedAt: UnixTime; expiresAt: UnixTime };
  refreshError: { issuer: string; code: string; message: string; failures: number; nextAttemptAt: UnixTime };
  keyAdded: { issuer: string; kid: string };
  keyRemoved: { issuer: string; kid: string };
  staleUsed: { issuer: string; fetchedAt: UnixTime; expiredAt: UnixTime; until: UnixTime };
}
export type VerifierEvent = keyof VerifierEvents;

export interface Verifier {
  /**
   * Rejects with a `PodpassError`. `retryable` is true where the keys are unreachable: that is a 503, not a 401.
   */
  verify(token: string): Promise<VerifiedOnline>;
  /** Fetches the keys of every issuer; one that fails keeps the others from nothing. */
  warmUp(): Promise<{ issuer: string; ok: boolean; error?: PodpassError }[]>;
  state(): IssuerState[];
  export(): Snapshot;
  /** Takes a snapshot; throws if it is from the future or too old, and then takes nothing of it. */
  hydrate(snapshot: Snapshot): void;
  /** Ends requests and timers. */
  dispose(): void;
  /** Gives what ends the listening. No event holds anything of a token. */
  on<Name extends VerifierEvent>(event: Name, listener: (event: VerifierEvents[Name]) => void): () => void;
}

/**
 * @example
 * import { createVerifier } from "podpass/jwks";
 *
 * const verifier = createVerifier({
 *   issuers: [{ issuer: "https://oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLE", audience: "vault", discovery: true }],
 * });
 * const { serviceAccount } = await verifier.verify(token);
 */
export function createVerifier(options: VerifierOptions): Verifier;

/** `verifyServiceAccountToken` of `podpass`, the signature checked by WebCrypto. */
export function verifyServiceAccountToken(token: string, keys: string | object, options: VerifyOptions): Promise<VerifiedToken>;
/** `checkServiceAccountToken` of `podpass`, the signature checked by WebCrypto. */
export function checkServiceAccountToken(token: string, keys: string | object, options: VerifyOptions): Promise<CheckedToken>;
