/** What an application configures, checked before anything is verified. */

import { fetchFailure, fetchDocument, type Fetch, type Fetched } from "./fetch.js";
import { wrongArgument } from "../failure.js";
import type { IssuerConfig, VerifierOptions } from "./api.js";

const OPTIONS = ["issuers", "clockTolerance", "fetch", "timeoutMs", "cooldownMs", "maxAgeMs", "staleIfErrorMs", "backgroundRefresh", "crypto", "cache", "store", "now"];
const ISSUER = ["issuer", "aliases", "audience", "jwks", "jwksUri", "discovery", "algorithms"];

/** Members that nobody knows are mistakes, such as a misspelt `audience`. */
export function onlyMembers(value: unknown, known: string[], name: string): void {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw wrongArgument(`${name} must be an object`);
  const unknown = Object.keys(value).find((member) => !known.includes(member));
  if (unknown !== undefined) throw wrongArgument(`${name}: unknown member \`${unknown.slice(0, 60)}\``);
}

export function checkOptions(options: VerifierOptions, more: string[] = []): void {
  onlyMembers(options, [...OPTIONS, ...more], "options");
  if (!Array.isArray(options.issuers) || options.issuers.length === 0) throw wrongArgument("issuers must be a list of at least one issuer");
  for (const name of ["timeoutMs", "cooldownMs", "maxAgeMs", "staleIfErrorMs"] as const) {
    const value = options[name];
    if (value !== undefined && !(typeof value === "number" && Number.isFinite(value) && value >= 0)) throw wrongArgument(`${name} must be a number of milliseconds`);
  }
  const { cache, fetch, store } = options;
  if (cache !== undefined && cache !== false && !(Number.isInteger(cache.maxEntries) && cache.maxEntries > 0)) throw wrongArgument("cache.maxEntries must be a positive integer");
  if (fetch !== undefined && typeof fetch !== "function") throw wrongArgument("fetch must be a function");
  if (store !== undefined && !(typeof store.get === "function" && typeof store.set === "function")) throw wrongArgument("store must have get and set");
}

export function checkIssuer(config: IssuerConfig): void {
  onlyMembers(config, ISSUER, "issuer");
  if (typeof config.issuer !== "string" || config.issuer === "") throw wrongArgument("issuer must be a string");
  if (config.audience === undefined) throw wrongArgument(`issuer ${config.issuer}: audience is missing; null switches its check off`);
  const sources = [config.jwks, config.jwksUri, config.discovery].filter((source) => source !== undefined);
  if (sources.length !== 1) throw wrongArgument(`issuer ${config.issuer}: exactly one of jwks, jwksUri and discovery is wanted`);
  if (config.jwksUri !== undefined) secure(addressOf(config.jwksUri), "jwksUri");
  if (config.discovery !== undefined) secure(config.issuer, "issuer with discovery");
}

export function namesOf({ issuer, aliases = [] }: IssuerConfig): string[] {
  if (!Array.isArray(aliases) || aliases.some((alias) => typeof alias !== "string")) throw wrongArgument("aliases must be a list of strings");
  return [issuer, ...aliases];
}

/** Whoever can change the keys on their way can make tokens. */
function secure(text: string, name: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === "https:" || (url?.protocol === "http:" && isLoopback(url))) return url;
  throw wrongArgument(`${name} must be an https URL (http only on the loopback interface)`);
}

/** A URL object has its text in `href`. */
export const addressOf = (address: string | { readonly href: string }): string => (typeof address === "string" ? address : String(address.href));

const isLoopback = ({ hostname }: URL): boolean => /^(127(\.\d+){3}|\[::1\]|localhost)$/.test(hostname);

/** How an issuer's key set is got; `undefined`: it is given. No part of an address ever comes from a token. */
export function loaderOf(config: IssuerConfig, fetch: Fetch, timeoutMs: number): ((stop: AbortSignal) => Promise<Fetched & { jwksUri: string }>) | undefined {
  if (config.jwksUri !== undefined) {
    const jwksUri = addressOf(config.jwksUri);
    return async (stop) => ({ ...(await fetchDocument(fetch, jwksUri, timeoutMs, stop)), jwksUri });
  }
  if (!config.discovery) return undefined;
  const document = `${config.issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
  return async (stop) => {
    const started = Date.now();
    const jwksUri = jwksUriOf((await fetchDocument(fetch, document, timeoutMs, stop)).text, config.issuer, document);
    const left = Math.max(timeoutMs - (Date.now() - started), 1);
    return { ...(await fetchDocument(fetch, jwksUri, left, stop)), jwksUri };
  };
}

/** OpenID Connect Discovery §4.3: the document must be this issuer's. */
function jwksUriOf(text: string, issuer: string, url: string): string {
  let document: { issuer?: unknown; jwks_uri?: unknown; kind?: unknown };
  try {
    document = JSON.parse(text) ?? {};
  } catch {
    throw fetchFailure(url, "the discovery document is not valid JSON");
  }
  if (document.issuer !== issuer) {
    const found = JSON.stringify(document.issuer)?.slice(0, 200) ?? "none";
    throw fetchFailure(url, `the discovery document is of the issuer ${found}, not of ${issuer}`, { hint: "configure the issuer exactly as tokens name it, with jwksUri if it is not reachable there" });
  }
  try {
    return secure(String(document.jwks_uri), "jwks_uri").href;
  } catch {
    throw fetchFailure(url, "the discovery document's jwks_uri is no https URL");
  }
}
