/** TokenReview: the API server's own answer about a token. */

import { createHash } from "node:crypto";

import type { TokenReviewStatus } from "../api.js";
import { type PodpassError, TokenReviewError } from "../errors.js";
import { wrongArgument } from "../failure.js";
import { textOf } from "../input.js";
import { onlyMembers } from "../jwks/config.js";
import type { TokenReviewer, TokenReviewerOptions } from "./api.js";
import { ApiServer } from "./cluster.js";

const PATH = "/apis/authentication.k8s.io/v1/tokenreviews";
/** For so long a deletion may go unnoticed. The API server itself remembers for ten seconds. */
const LONGEST_TTL = 10_000;
const LARGEST = 1024 * 1024;

export function tokenReviewerOf(options: TokenReviewerOptions = {}): TokenReviewer {
  onlyMembers(options, ["apiServer", "caFile", "tokenFile", "audiences", "cache", "timeoutMs"], "options");
  const { audiences, cache, timeoutMs = 5_000, ...cluster } = options;
  if (cache && !(cache.ttlMs >= 0 && cache.ttlMs <= LONGEST_TTL)) throw wrongArgument(`cache.ttlMs must be at most ${LONGEST_TTL}`);
  const server = new ApiServer(cluster);
  const ask = (token: string) => review(server, token, audiences, timeoutMs);
  return cache ? remembered(ask, cache.ttlMs, cache.maxEntries ?? 1_000) : async (token) => ask(textOf(token, "token"));
}

/** By digest: the token itself is not kept. Failures are not remembered; callers at one time share a request. */
function remembered(ask: TokenReviewer, ttlMs: number, most: number): TokenReviewer {
  const answers = new Map<string, { status: Promise<TokenReviewStatus>; until: number }>();
  return async (token) => {
    const key = createHash("sha256").update(textOf(token, "token")).digest("base64");
    const known = answers.get(key);
    if (known && performance.now() < known.until) return known.status;
    answers.delete(key);
    if (answers.size >= most) answers.delete(answers.keys().next().value as string);
    const status = ask(token);
    answers.set(key, { status, until: performance.now() + ttlMs });
    status.catch(() => answers.delete(key));
    return status;
  };
}

async function review(server: ApiServer, token: string, audiences: string[] | undefined, timeoutMs: number): Promise<TokenReviewStatus> {
  const url = server.origin + PATH;
  const body = JSON.stringify({ apiVersion: "authentication.k8s.io/v1", kind: "TokenReview", spec: { token, ...(audiences && { audiences }) } });
  const headers = { "content-type": "application/json", accept: "application/json" };
  let response: Response;
  let text: string;
  try {
    response = await server.ask(url, { method: "POST", headers, body, signal: AbortSignal.timeout(timeoutMs) });
    text = await response.text();
  } catch (cause) {
    const { code, name, cause: inner } = cause as { code?: unknown; name?: unknown; cause?: { code?: unknown } };
    throw failed(url, `the API server could not be asked (${String(inner?.code ?? code ?? name)})`);
  }
  const { status } = response;
  if (status === 401) throw failed(url, "our credential was refused, not the caller's token", status);
  if (status === 403) throw failed(url, "this pod's account may not create TokenReviews: bind it to system:auth-delegator", status);
  if (status !== 200 && status !== 201) throw failed(url, `the API server answered ${status}`, status);
  return statusIn(url, text);
}

function statusIn(url: string, text: string): TokenReviewStatus {
  try {
    if (text.length <= LARGEST) {
      const { kind, status } = JSON.parse(text) as { kind?: unknown; status?: TokenReviewStatus };
      if (kind === "TokenReview" && typeof status === "object" && status !== null) return { ...status, authenticated: status.authenticated === true };
    }
  } catch { /* said below */ }
  throw failed(url, "the answer is no TokenReview");
}

function failed(url: string, what: string, status?: number): PodpassError {
  const details = { url, retryable: true, ...(status !== undefined && { status }) };
  return new TokenReviewError({ name: "TokenReviewError", code: TokenReviewError.code, message: `the token could not be reviewed: ${what}`, details });
}
