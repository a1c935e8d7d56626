/** The few paths of an API server that concern tokens, over http or https. */

import { createServer as createHttp, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createHttps } from "node:https";
import type { AddressInfo } from "node:net";

import type { ServerIdentity } from "./certificate.js";

/** What is served: an answer to each of the paths. */
export interface Handlers {
  discovery(path: string): { status: number; headers: { [name: string]: string }; body?: string };
  /** The user of a request, or undefined if its credentials are refused; without any: `system:anonymous`. */
  user(authorization: string | undefined): { name: string; groups: string[] } | undefined;
  allows(user: { name: string; groups: string[] }, verb: string, path: string): boolean;
  tokenRequest(serviceAccount: { namespace: string; name: string }, body: unknown): Reply;
  tokenReview(body: unknown): Reply;
}

export interface Reply {
  status: number;
  body: object;
}

/** A request body may be no longer: the API server's own limit. */
const LONGEST_BODY = 3 * 1024 * 1024;
const REVIEWS = "/apis/authentication.k8s.io/v1/tokenreviews";
const REQUESTS = /^\/api\/v1\/namespaces\/([^/]+)\/serviceaccounts\/([^/]+)\/token$/;
/** Of each discovery path the media type that a caller has to accept: negotiation is strict (K83). */
const DISCOVERY: { [path: string]: string } = {
  "/.well-known/openid-configuration": "application/json",
  "/openid/v1/jwks": "application/jwk-set+json",
};

/** Starts on a free port of the loopback interface. */
export async function listen(identity: ServerIdentity | undefined, handlers: Handlers): Promise<{ server: Server; port: number }> {
  const serve = (request: IncomingMessage, response: ServerResponse): void => {
    answer(request, handlers).then(
      ({ status, headers, body }) => response.writeHead(status, headers).end(body),
      (error: unknown) => response.writeHead(500, { "content-type": "text/plain" }).end(String(error)),
    );
  };
  const server = identity ? createHttps({ key: identity.key, cert: identity.cert }, serve) : createHttp(serve);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  return { server, port: (server.address() as AddressInfo).port };
}

interface Raw {
  status: number;
  headers: { [name: string]: string };
  body: string;
}

async function answer(request: IncomingMessage, handlers: Handlers): Promise<Raw> {
  const path = (request.url ?? "/").split("?", 1)[0] ?? "/";
  const plain = path.replace(/\/$/, "");
  const user = handlers.user(request.headers.authorization);
  if (!user) return json(statusOf(401, "Unauthorized", "Unauthorized"));
  const verb = request.method?.toLowerCase() ?? "get";
  if (!handlers.allows(user, verb, path)) return json(forbidden(user.name, verb, path));
  const type = Object.hasOwn(DISCOVERY, plain) ? DISCOVERY[plain] : undefined;
  if (type !== undefined) {
    if (request.method !== "GET") return text(405, "405: Method Not Allowed");
    if (!accepts(request.headers.accept, type)) return text(406, "406: Not Acceptable");
    const { status, headers, body } = handlers.discovery(plain);
    return status === 200 ? { status, headers, body: body ?? "" } : text(status, "404 page not found\n");
  }
  const account = REQUESTS.exec(path);
  if (request.method !== "POST" || !(account || path === REVIEWS)) return text(404, "404 page not found\n");
  const body = await bodyOf(request);
  if (body === undefined) return json(statusOf(400, "BadRequest", "the body is no JSON object"));
  if (!account) return json(handlers.tokenReview(body));
  const [, namespace = "", name = ""] = account.map(decodeURIComponent);
  return json(handlers.tokenRequest({ namespace, name }, body));
}

/** `metav1.Status`, as refusals come. */
export function statusOf(code: number, reason: string, message: string): Reply {
  return { status: code, body: { kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure", message, ...(reason ? { reason } : {}), code } };
}

function forbidden(user: string, verb: string, path: string): Reply {
  return statusOf(403, "Forbidden", `forbidden: User ${JSON.stringify(user)} cannot ${verb} path ${JSON.stringify(path)}`);
}

/** Only the type itself or anything at all will do; no header means anything. */
function accepts(header: string | undefined, type: string): boolean {
  if (header === undefined) return true;
  const ranges = header.split(",").map((range) => (range.split(";", 1)[0] ?? "").trim());
  return ranges.includes(type) || ranges.includes("*/*");
}

async function bodyOf(request: IncomingMessage): Promise<object | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > LONGEST_BODY) return undefined;
    chunks.push(chunk);
  }
  try {
    const body: unknown = JSON.parse(Buffer.concat(chunks).toString("utf8"));
    return typeof body === "object" && body !== null ? body : undefined;
  } catch {
    return undefined;
  }
}

const json = ({ status, body }: Reply): Raw => ({ status, headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
const text = (status: number, body: string): Raw => ({ status, headers: { "content-type": "text/plain; charset=utf-8" }, body });
