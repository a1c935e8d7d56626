/** A guard for node:http, Express 5 and Fastify 5 (RFC 6750). */

import type { IncomingMessage, ServerResponse } from "node:http";

import { InternalError, isPodpassError, type PodpassError, TokenInvalidError } from "../errors.js";
import type { VerifiedOnline, Verifier } from "../jwks/api.js";
import type { Guard, GuardOptions } from "./api.js";

/** What Fastify's reply has and a ServerResponse has not. */
interface Reply { code(status: number): Reply; headers(headers: { [name: string]: string }): Reply; send(body: string): unknown }
interface Refusal { status: number; headers: { [name: string]: string }; body: string; error: PodpassError | undefined }

export function guardOf(verifier: Pick<Verifier, "verify">, options: GuardOptions = {}): Guard {
  const { realm = "podpass", onRefusal } = options;
  // Two named parameters: Fastify takes a hook that returns a promise only if it asks for no `done`.
  return function protect(request: object, response: object, ...rest: [((error?: unknown) => void)?]) {
    const next = isReply(response) ? undefined : rest[0];
    return admit(verifier, options, request as Pick<IncomingMessage, "headers">).then(
      (verified) => {
        Object.assign(request, { serviceAccount: verified.serviceAccount, verifiedToken: verified });
        next?.();
        return verified;
      },
      (thrown: unknown) => {
        const refusal = refusalOf(thrown, realm);
        try {
          onRefusal?.(refusal.error, refusal.status);
        } finally {
          answer(response as ServerResponse | Reply, refusal);
        }
        return undefined;
      },
    );
  };
}

/** No credential at all: RFC 6750 §3.1 wants no error code then. */
const NO_CREDENTIAL = Symbol("no credential");

async function admit(verifier: Pick<Verifier, "verify">, { tokenReview }: GuardOptions, request: Pick<IncomingMessage, "headers">): Promise<VerifiedOnline> {
  const token = /^Bearer +([\w.~+/=-]+) *$/i.exec(request.headers.authorization ?? "")?.[1];
  if (token === undefined) throw NO_CREDENTIAL;
  const verified = await verifier.verify(token);
  const review = await tokenReview?.(token);
  if (review && review.authenticated !== true) {
    const message = "the API server no longer accepts this token: its pod, node or account may be gone";
    throw new TokenInvalidError({ name: "TokenInvalidError", code: "ERR_JWT_INVALID", message, details: {} });
  }
  return verified;
}

/** Whose fault it is: the caller's (401), ours for now (503), ours (500). */
function refusalOf(thrown: unknown, realm: string): Refusal {
  const challenge = `Bearer realm="${quotable(realm)}"`;
  if (thrown === NO_CREDENTIAL) return refusal(401, { "www-authenticate": challenge }, "unauthorized", "a bearer token is missing", undefined);
  if (!isPodpassError(thrown) || thrown.code === InternalError.code) return refusal(500, {}, "internal_error", "the token could not be judged", isPodpassError(thrown) ? thrown : undefined);
  const { retryable, retryAt } = thrown as { retryable?: boolean; retryAt?: number };
  if (retryable) {
    const seconds = Math.min(Math.max(Math.ceil((retryAt ?? 0) - Date.now() / 1000), 1), 60);
    return refusal(503, { "retry-after": String(seconds) }, "temporarily_unavailable", "tokens cannot be judged at the moment", thrown);
  }
  const description = quotable(thrown.message);
  return refusal(401, { "www-authenticate": `${challenge}, error="invalid_token", error_description="${description}"` }, "invalid_token", description, thrown);
}

function refusal(status: number, headers: Refusal["headers"], error: string, description: string, cause: PodpassError | undefined): Refusal {
  const body = JSON.stringify({ error, error_description: description, ...(cause && status === 401 && { code: cause.code }) });
  return { status, headers: { ...headers, "content-type": "application/json; charset=utf-8", "cache-control": "no-store" }, body, error: cause };
}

/** What RFC 6750 §3 allows inside the quotes. */
function quotable(text: string): string {
  return text.replace(/["\\]/g, "'").replace(/[^\x20-\x7e]/g, "?").slice(0, 300);
}

function isReply(response: object): response is Reply {
  return "code" in response && typeof response.code === "function" && "send" in response;
}

function answer(response: ServerResponse | Reply, { status, headers, body }: Refusal): void {
  if (isReply(response)) void response.code(status).headers(headers).send(body);
  else response.writeHead(status, headers).end(body);
}
