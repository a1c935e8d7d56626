/** One request for a JSON document: bounded in time and size, no redirects, causes told apart. */

import { KeySetFetchError, KeySetTimeoutError, type PodpassError } from "../errors.js";

/** Most bytes of a key set or discovery document. */
const LARGEST = 1024 * 1024;
/** The API server answers 406 to whoever asks for application/json alone (K83). */
const ACCEPT = "application/jwk-set+json, application/json";
const JSON_TYPE = /^application\/(json|jwk-set\+json)\s*(;|$)/i;

export type Fetch = (url: string, init: { headers: { [name: string]: string }; redirect: "manual"; signal: AbortSignal }) => Promise<Response>;
/** A document, and for how many milliseconds its server says that it is good. */
export interface Fetched { text: string; maxAgeMs: number | undefined }

export interface Failed { status?: number; contentType?: string; hint?: string; cause?: unknown }

export function fetchFailure(url: string, what: string, { cause, ...details }: Failed = {}): PodpassError {
  const message = `the keys could not be fetched: ${what}`;
  const error = new KeySetFetchError({ name: "KeySetFetchError", code: KeySetFetchError.code, message, details: { url, retryable: true, ...details } });
  return cause === undefined ? error : Object.assign(error, { cause });
}

/** Fetches within a time that covers the body; `stop` ends it earlier. */
export async function fetchDocument(fetch: Fetch, url: string, timeoutMs: number, stop: AbortSignal): Promise<Fetched> {
  const controller = new AbortController();
  const abort = () => controller.abort();
  stop.addEventListener("abort", abort, { once: true });
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const message = `the keys could not be fetched: no whole answer within ${timeoutMs} ms`;
      reject(new KeySetTimeoutError({ name: "KeySetTimeoutError", code: KeySetTimeoutError.code, message, details: { url, timeoutMs, retryable: true } }));
      abort();
    }, timeoutMs);
  });
  try {
    // A fetch that does not heed its signal must not keep anybody waiting.
    return await Promise.race([request(fetch, url, controller.signal), late]);
  } finally {
    clearTimeout(timer);
    stop.removeEventListener("abort", abort);
  }
}

async function request(fetch: Fetch, url: string, signal: AbortSignal): Promise<Fetched> {
  let response: Response;
  try {
    response = await fetch(url, { headers: { accept: ACCEPT }, redirect: "manual", signal });
  } catch (cause) {
    if (cause instanceof KeySetFetchError) throw cause;
    throw fetchFailure(url, `the request failed (${reasonOf(cause)})`, { cause });
  }
  try {
    judge(url, response);
    const text = await bodyOf(url, response);
    return { text, maxAgeMs: maxAgeOf(response) };
  } catch (cause) {
    await response.body?.cancel().catch(() => undefined);
    if (cause instanceof KeySetFetchError) throw cause;
    throw fetchFailure(url, `the answer broke off (${reasonOf(cause)})`, { cause });
  }
}

function judge(url: string, response: Response): void {
  const { status } = response;
  const contentType = response.headers.get("content-type") ?? "";
  if (response.type === "opaqueredirect" || (status >= 300 && status < 400)) {
    throw fetchFailure(url, "the server redirects, which is refused", { status, hint: "configure the address that it redirects to, if you trust it" });
  }
  if (status === 401 || status === 403) throw fetchFailure(url, `our request was refused with ${status}`, { status, contentType, hint: UNAUTHORIZED });
  if (status !== 200) throw fetchFailure(url, `the server answered ${status}`, { status, contentType });
  if (!JSON_TYPE.test(contentType)) {
    const hint = /html/i.test(contentType) ? "this is a web page: a login page or a proxy answers at this address" : "expected application/json or application/jwk-set+json";
    throw fetchFailure(url, `the answer is of type ${JSON.stringify(contentType.slice(0, 80))}`, { status, contentType, hint });
  }
}

/** It is our side that lacks a right, not the caller's token. */
const UNAUTHORIZED = "the API server wants a credential here: send a token, or bind system:service-account-issuer-discovery to system:unauthenticated";

async function bodyOf(url: string, response: Response): Promise<string> {
  const tooLarge = () => fetchFailure(url, `the answer has more than ${LARGEST} bytes`, { status: response.status });
  if (Number(response.headers.get("content-length")) > LARGEST) throw tooLarge();
  const reader = response.body?.getReader();
  if (!reader) return response.text();
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let text = "";
  for (let read = 0; ; ) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    read += value.byteLength;
    if (read > LARGEST) {
      await reader.cancel();
      throw tooLarge();
    }
    text += decoder.decode(value, { stream: true });
  }
}

/** RFC 9111 §5.2.2; what must not be kept is kept for the shortest time. */
function maxAgeOf(response: Response): number | undefined {
  const control = response.headers.get("cache-control");
  if (control === null) return undefined;
  if (/(^|[,\s])no-(store|cache)([,\s=]|$)/i.test(control)) return 0;
  const seconds = /(?:^|[,\s])max-age="?(\d+)/i.exec(control)?.[1];
  return seconds === undefined ? undefined : Number(seconds) * 1000;
}

/** A system's code tells more than "fetch failed". Never the whole message: it may quote what was sent. */
function reasonOf(cause: unknown): string {
  const inner = (cause as { cause?: unknown } | undefined)?.cause ?? cause;
  const { code, name } = (inner ?? {}) as { code?: unknown; name?: unknown };
  return String(code ?? name ?? typeof cause).slice(0, 60);
}
