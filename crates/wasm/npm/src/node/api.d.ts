/**
 * podpass/node: `podpass/jwks` with what Node and a cluster have: signatures by node:crypto, the cluster's own issuer,
 * TokenReview, and a guard for node:http, Express and Fastify.
 */

import type { CheckedToken, PodpassError, TokenReviewStatus, VerifiedToken, VerifyOptions } from "../api.js";
import type { IssuerConfig, VerifiedOnline, Verifier, VerifierOptions } from "../jwks/api.js";

export type * from "../jwks/api.js";

/** How a pod reaches its API server. Every file is read anew for every request: both rotate. */
export interface InClusterOptions {
  /** Default: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT, else https://kubernetes.default.svc. */
  apiServer?: string | { readonly href: string };
  /** Default: /var/run/secrets/kubernetes.io/serviceaccount/ca.crt. */
  caFile?: string;
  /** Default: /var/run/secrets/kubernetes.io/serviceaccount/token. Sent to `apiServer` only. */
  tokenFile?: string;
}

/**
 * The issuer of the pod's own token, its keys from the API server. The bare word also takes the audience of the pod's
 * own token; say yours if callers ask for tokens that are meant for you.
 */
export type NodeIssuer = IssuerConfig | "in-cluster" | { issuer: "in-cluster"; aliases?: string[]; audience: string | string[] | null; algorithms?: string[] };

export interface NodeVerifierOptions extends Omit<VerifierOptions, "issuers" | "crypto"> {
  issuers: NodeIssuer[];
  /** Default `host`: node:crypto, its keys prepared once. The answers are the same. */
  crypto?: "host" | "wasm" | "webcrypto";
  inCluster?: InClusterOptions;
}

/**
 * @example
 * import { createServer } from "node:http";
 * import { createVerifier, guard } from "podpass/node";
 *
 * const verifier = createVerifier({ issuers: [{ issuer: "in-cluster", audience: "orders" }] });
 * const protect = guard(verifier);
 * createServer(async (request, response) => {
 *   const caller = await protect(request, response);
 *   if (caller) response.end(`hello ${caller.serviceAccount.namespace}/${caller.serviceAccount.name}`); // else answered: 401 or 503
 * });
 */
export function createVerifier(options: NodeVerifierOptions): Verifier;

/** `verifyServiceAccountToken` of `podpass`, the signature checked by node:crypto. */
export function verifyServiceAccountToken(token: string, keys: string | object, options: VerifyOptions): VerifiedToken;
/** `checkServiceAccountToken` of `podpass`, the signature checked by node:crypto. */
export function checkServiceAccountToken(token: string, keys: string | object, options: VerifyOptions): CheckedToken;

export interface TokenReviewerOptions extends InClusterOptions {
  /** spec.audiences: yours. Default: the API server's. */
  audiences?: string[];
  /** Remember answers, by the token's digest, for at most ten seconds: for so long a deletion goes unnoticed. Default false. */
  cache?: { ttlMs: number; maxEntries?: number } | false;
  /** For a whole answer; default 5 000. */
  timeoutMs?: number;
}

/** Asks the API server about a token: the only way to notice deleted pods, nodes and accounts. Rejects if it cannot be asked. */
export type TokenReviewer = (token: string) => Promise<TokenReviewStatus>;

/**
 * @example
 * const review = tokenReviewer({ audiences: ["orders"], cache: { ttlMs: 5_000 } });
 * const { authenticated, user } = await review(token);
 */
export function tokenReviewer(options?: TokenReviewerOptions): TokenReviewer;

export interface GuardOptions {
  /** Asked after the verification passed, about tokens that are offline in order. */
  tokenReview?: TokenReviewer;
  /** Of `WWW-Authenticate`; default "podpass". */
  realm?: string;
  /** Told of every refusal, for a log. The error holds nothing of the token's signature. */
  onRefusal?: (error: PodpassError | undefined, status: number) => void;
}

/** What a guard sets on the request. */
export interface Guarded { serviceAccount: VerifiedToken["serviceAccount"]; verifiedToken: VerifiedOnline }

/**
 * For node:http `if (!(await protect(request, response))) return;`, for Express `app.use(protect)`, for Fastify
 * `app.addHook("preHandler", protect)`. A request that does not pass is answered: 401 with `WWW-Authenticate` for what
 * the caller can mend, 503 with `Retry-After` where the keys or the API server are out of reach.
 */
export type Guard = (request: object, response: object, next?: (error?: unknown) => void) => Promise<VerifiedOnline | undefined>;
export function guard(verifier: Pick<Verifier, "verify">, options?: GuardOptions): Guard;
