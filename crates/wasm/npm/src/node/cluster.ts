/** The API server as a pod reaches it. */

import { readFile } from "node:fs/promises";
import { readFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { Readable } from "node:stream";

import type { DecodedToken } from "../api.js";
import { call } from "../engine.js";
import { wrongArgument } from "../failure.js";
import { addressOf } from "../jwks/config.js";
import { type Fetch, fetchFailure } from "../jwks/fetch.js";
import type { InClusterOptions } from "./api.js";

const MOUNT = "/var/run/secrets/kubernetes.io/serviceaccount";
/** Most bytes of a token file that are sent. */
const LARGEST_TOKEN = 64 * 1024;

export interface Request { method: "GET" | "POST"; headers: { [name: string]: string }; body?: string; signal: AbortSignal }

export class ApiServer {
  readonly origin: string;
  readonly #caFile: string;
  readonly #tokenFile: string;

  constructor({ apiServer, caFile = `${MOUNT}/ca.crt`, tokenFile = `${MOUNT}/token` }: InClusterOptions = {}) {
    const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port = "443" } = process.env;
    const address = addressOf(apiServer ?? (host ? `https://${host.includes(":") ? `[${host}]` : host}:${port}` : "https://kubernetes.default.svc"));
    if (!URL.canParse(address) || !/^https?:$/.test(new URL(address).protocol)) throw wrongArgument("apiServer must be an https URL");
    const { protocol, hostname, origin } = new URL(address);
    // The pod's token goes there: never in the clear, but for tests on one machine.
    if (protocol === "http:" && !/^(127(\.\d+){3}|\[::1\]|localhost)$/.test(hostname)) throw wrongArgument("apiServer must be an https URL");
    this.origin = origin;
    this.#caFile = caFile;
    this.#tokenFile = tokenFile;
  }

  /** What the pod's own token says: a local file, not a caller's word. */
  ownToken(): DecodedToken & { issuer: string } {
    let text: string;
    try {
      text = readFileSync(this.#tokenFile, "utf8");
    } catch (cause) {
      throw fetchFailure(this.origin, `the pod's own token cannot be read from ${this.#tokenFile}`, { cause: nameOf(cause), hint: "is a token mounted into this pod? automountServiceAccountToken may be false" });
    }
    const token = call<DecodedToken>("decodeToken", text);
    if (!token.ok || token.issuer === undefined) throw fetchFailure(this.origin, `the file ${this.#tokenFile} holds no token with an issuer`);
    return token as DecodedToken & { issuer: string };
  }

  /** Fetches from the API server with the pod's credential; from nowhere else. */
  readonly fetch: Fetch = async (url, { headers, signal }) => {
    if (new URL(url).origin !== this.origin) throw fetchFailure(url, "the pod's credential is for the API server only");
    const response = await this.ask(url, { method: "GET", headers, signal });
    if (response.status !== 401) return response;
    throw fetchFailure(url, "our credential was refused, not the caller's token", { status: 401, hint: `is the token file current? it is read from ${this.#tokenFile}` });
  };

  /** One request; after a 401 one more, with the token file read again: it may have been replaced meanwhile. */
  async ask(url: string, request: Request): Promise<Response> {
    const [ca, token] = await this.#files(url);
    const response = await send(url, request, ca, token);
    if (response.status !== 401) return response;
    await response.body?.cancel();
    const [newCa, newToken] = await this.#files(url);
    return send(url, request, newCa, newToken);
  }

  async #files(url: string): Promise<[ca: string | undefined, token: string]> {
    try {
      const ca = url.startsWith("https:") ? await readFile(this.#caFile, "utf8") : undefined;
      return [ca, tokenIn(await readFile(this.#tokenFile, "utf8"))];
    } catch (cause) {
      throw fetchFailure(url, "the pod's CA or token file cannot be read", { cause: nameOf(cause) });
    }
  }
}

/** What may stand in a header; a file that is being written may hold anything. */
function tokenIn(text: string): string {
  const token = text.trim();
  if (token.length > LARGEST_TOKEN || !/^[\w.~+/=-]+$/.test(token)) throw new Error("no token");
  return token;
}

/** An error of the system by its code: its text may name more than a log should. */
function nameOf(cause: unknown): string {
  return String((cause as { code?: unknown }).code ?? "unreadable");
}

/** With this CA for this request only, over a connection of its own: the next one may have another CA. */
function send(url: string, { method, headers, body, signal }: Request, ca: string | undefined, token: string): Promise<Response> {
  const https = url.startsWith("https:");
  const options = { method, headers: { ...headers, authorization: `Bearer ${token}`, ...(body !== undefined && { "content-length": String(Buffer.byteLength(body)) }) }, agent: false as const, signal, ...(https && { ca }) };
  return new Promise((resolve, reject) => {
    const request = (https ? httpsRequest : httpRequest)(url, options, (message) => {
      const { statusCode: status = 0, headers: given } = message;
      const plain = Object.entries(given).flatMap(([name, value]) => (typeof value === "string" ? [[name, value] as [string, string]] : []));
      const hasBody = status !== 204 && status !== 205 && status !== 304;
      resolve(new Response(hasBody ? (Readable.toWeb(message) as ReadableStream) : null, { status, headers: plain }));
    });
    request.on("error", reject);
    request.end(body);
  });
}
