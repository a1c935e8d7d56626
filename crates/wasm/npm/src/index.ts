/** podpass for JavaScript: the contract's functions, each a thin door to the engine. */

import type * as contract from "./api.js";
import { type Bare, call, decodeShortly } from "./engine.js";
import { documentOf, optionsOf, plainOf, textOf } from "./input.js";

export * from "./errors.js";

export const decodeToken: typeof contract.decodeToken = (text) => {
  // The one call that is made for each request of a service: a bare token takes the short way.
  const bare = typeof text === "string" && text.startsWith("eyJ") ? decodeShortly(text) : undefined;
  return bare === undefined ? call("decodeToken", textOf(text, "text")) : whole(text, bare);
};

/** The checks of a token whose form is right, as the engine words them: always the same. */
let sound: contract.DecodedToken["checks"] | undefined;

/** Adds what does not depend on what a bare token says. */
function whole(token: string, { json, header, payload }: Bare): contract.DecodedToken {
  sound ??= call<contract.DecodedToken>("decodeToken", "eyJhbGciOiJub25lIn0.e30.").checks;
  const decoded: contract.DecodedToken = JSON.parse(json);
  decoded.compact = token;
  decoded.segments = [segment(0, header), segment(header + 1, payload), segment(payload + 1, token.length)];
  decoded.checks = sound.map(({ id, status, title }) => ({ id, status, title }));
  return decoded;
}

/** A bare token is ASCII on one line. */
const segment = (start: number, end: number) => ({ input: "token" as const, start, end, line: 1, column: start + 1 });

export const parseKeys: typeof contract.parseKeys = (text) => call("parseKeys", textOf(text, "text"));

export const verifyServiceAccountToken: typeof contract.verifyServiceAccountToken = (token, keys, options) =>
  call("verifyServiceAccountToken", textOf(token, "token"), documentOf(keys, "keys"), optionsOf(options, "options"));

export const checkServiceAccountToken: typeof contract.checkServiceAccountToken = (token, keys, options) =>
  call("checkServiceAccountToken", textOf(token, "token"), documentOf(keys, "keys"), optionsOf(options, "options"));

export const inspectPods: typeof contract.inspectPods = (manifests, cluster = {}) =>
  call("inspectPods", textOf(manifests, "manifests"), plainOf(cluster, "cluster"));

export const kubeletRefresh: typeof contract.kubeletRefresh = (token) =>
  call("kubeletRefresh", plainOf(token, "token"));

export const rotationTimeline: typeof contract.rotationTimeline = (options) =>
  call("rotationTimeline", optionsOf(options, "options"));

export const inspectCluster: typeof contract.inspectCluster = (cluster) =>
  call("inspectCluster", plainOf(cluster, "cluster"));

export const inspectTokenSecrets: typeof contract.inspectTokenSecrets = (objects, options = {}) =>
  call("inspectTokenSecrets", textOf(objects, "objects"), optionsOf(options, "options"));

export const simulateTokenRequest: typeof contract.simulateTokenRequest = (request) =>
  call("simulateTokenRequest", optionsOf(request, "request"));

export const simulateDiscovery: typeof contract.simulateDiscovery = (request) => {
  const asText = { ...request, keys: documentOf(request?.keys, "keys") };
  return call("simulateDiscovery", plainOf(asText, "request"));
};

export const simulateTokenReview: typeof contract.simulateTokenReview = (review) => {
  const asText = { ...review, keys: documentOf(review?.keys, "keys") };
  return call("simulateTokenReview", optionsOf(asText, "review"));
};

export const evaluateFederation: typeof contract.evaluateFederation = (options) => {
  const keys = options?.keys;
  const asText = keys === undefined ? options : { ...options, keys: documentOf(keys, "keys") };
  return call("evaluateFederation", optionsOf(asText, "options"));
};

export const explain: typeof contract.explain = (input) => call("explain", optionsOf(input, "input"));

export const reportToMarkdown: typeof contract.reportToMarkdown = (report) =>
  call("reportToMarkdown", plainOf(report, "report"));

export const version: typeof contract.version = () => call("version");
