/** `podpass decode` and `podpass verify`. */

import type { Check, DecodedToken, VerifyOptions } from "../api.js";
import { checkServiceAccountToken, decodeToken } from "../index.js";
import { type Given, numberOf, oneOf, timeOf, UsageError } from "./commands.js";
import { read } from "./input.js";
import { distance, forProgram, instant, styled } from "./output.js";

/** What a command says and how it ends. */
export interface Answer {
  out: string;
  /** For programs: printed as it is. */
  raw?: true;
  code: 0 | 1;
}

const TIMES = new Set(["exp", "iat", "nbf", "warnafter"]);
const KINDS: { [kind: string]: string } = {
  bound: "a ServiceAccount token for the API server",
  external: "a ServiceAccount token for somebody other than the API server",
  "legacy-secret": "a legacy ServiceAccount token, of a Secret",
  "not-kubernetes": "no ServiceAccount token",
};

export function decode(given: Given): Answer {
  const format = oneOf(given, "format", ["text", "json"]) ?? "text";
  const now = timeOf(given, "now") ?? Date.now() / 1000;
  const token = decodeToken(tokenText(given));
  const code = token.ok ? 0 : 1;
  if (format === "json") return { out: forProgram(token), raw: true, code };
  return { out: described(token, now), code };
}

export function verify(given: Given): Answer {
  const format = oneOf(given, "format", ["text", "json"]) ?? "text";
  const keys = given.one("keys");
  if (keys === undefined) throw new UsageError("--keys FILE is missing: without keys nothing can be verified");
  const now = timeOf(given, "now") ?? Date.now() / 1000;
  const options: VerifyOptions = { issuer: trusted(given, "issuer"), audience: trusted(given, "audience"), now, ...limits(given) };
  const token = tokenText(given).trim();
  const answer = checkServiceAccountToken(token, read(keys).text, options);
  const code = answer.ok ? 0 : 1;
  if (format === "json") return { out: forProgram(answer), raw: true, code };
  const verdict = answer.ok ? styled("green", "accepted: every check passes") : styled("red", "refused");
  const reminder = answer.ok ? styled("dim", "Whether pod and account still exist only TokenReview knows.\n") : "";
  return { out: `${subjectOf(answer.token)}\n${answer.checks.map(checkLine).join("\n")}\n\n${verdict}\n${reminder}`, code };
}

/** Named, or deliberately left open. */
function trusted(given: Given, option: "issuer" | "audience"): string[] | null {
  const names = given.many(option);
  if (given.has(`any-${option}`)) {
    if (names.length) throw new UsageError(`--${option} and --any-${option} exclude each other`);
    return null;
  }
  if (names.length === 0) throw new UsageError(`--${option} is missing; --any-${option} leaves it open, deliberately`);
  return names;
}

function limits(given: Given): Partial<VerifyOptions> {
  const expect = Object.fromEntries(
    ([["namespace", "namespace"], ["serviceAccount", "service-account"], ["pod", "pod"], ["node", "node"]] as const)
      .map(([member, option]) => [member, given.one(option)] as const)
      .filter(([, value]) => value !== undefined),
  );
  const [tolerance, age, algorithms] = [numberOf(given, "tolerance"), numberOf(given, "max-age"), given.many("algorithm")];
  return {
    ...(tolerance === undefined ? {} : { clockTolerance: tolerance }),
    ...(age === undefined ? {} : { maxTokenAge: age }),
    ...(algorithms.length ? { algorithms } : {}),
    ...(given.has("allow-legacy") ? { allowLegacy: true } : {}),
    ...(Object.keys(expect).length ? { expect } : {}),
  };
}

/** The one operand as a file. A token in its place works too, but others can see it. */
export function tokenText(given: Given): string {
  if (given.operands.length > 1) throw new UsageError(`one token at a time, not ${given.operands.length}`);
  const [operand = "-"] = given.operands;
  if (!/^e[wy3][\w-]*\.[\w-]+\./.test(operand)) return read(operand).text;
  process.stderr.write("podpass: a token on the command line stays in the shell's history, and other users can see it: pipe it in\n");
  return operand;
}

export function subjectOf(token: DecodedToken): string {
  const { namespace, name } = token.serviceAccount ?? {};
  const who = name === undefined ? (token.subject ?? "nobody that it names") : `${namespace}/${name}`;
  return `${styled("bold", who)}: ${KINDS[token.kind ?? ""] ?? "not readable as a token"}\n`;
}

function described(token: DecodedToken, now: number): string {
  const sections: string[] = [subjectOf(token)];
  if (token.unwrapped.length) sections.push(styled("dim", `found inside: ${token.unwrapped.join(", ")}\n`));
  if (token.header) sections.push(`${styled("bold", "Header")}\n${members(token.header, now)}`);
  if (token.claims) sections.push(`${styled("bold", "Claims")}, not verified\n${members(token.claims, now)}`);
  if (token.extended) sections.push("The API server signed a year instead of the hour that was asked for; the kubelet replaces it all the same.\n");
  const open = token.checks.filter((check) => check.status !== "pass");
  if (open.length) sections.push(`${open.map(checkLine).join("\n")}\n`);
  return sections.join("\n");
}

function members(object: { [member: string]: unknown }, now: number, indent = "  "): string {
  return Object.entries(object)
    .map(([name, value]) => {
      if (typeof value === "object" && value !== null && !Array.isArray(value)) return `${indent}${name}\n${members(value as { [member: string]: unknown }, now, `${indent}  `)}`;
      const time = TIMES.has(name) && typeof value === "number" ? styled("dim", `  ${instant(value)}, ${distance(value - now)}`) : "";
      return `${indent}${name.padEnd(Math.max(0, 16 - indent.length))} ${typeof value === "string" ? value : JSON.stringify(value)}${time}\n`;
    })
    .join("");
}

const SIGNS = { pass: ["green", "pass   "], fail: ["red", "FAIL   "], warn: ["yellow", "warn   "], skip: ["dim", "skip   "], unknown: ["yellow", "unknown"] } as const;

/** One check: its status as a word, what was wanted and what was found where they differ. */
export function checkLine(check: Check): string {
  const [style, word] = SIGNS[check.status];
  const rule = check.rule === undefined ? "" : styled("dim", ` (${check.rule})`);
  const value = (one: unknown): string => (typeof one === "string" ? one : JSON.stringify(one));
  const more: string[] = [];
  if (check.status !== "pass") {
    if (check.expected !== undefined) more.push(`          expected  ${value(check.expected)}`);
    if (check.actual !== undefined) more.push(`          found     ${value(check.actual)}`);
    if (check.hint !== undefined) more.push(`          ${styled("dim", check.hint)}`);
  }
  return [`  ${styled(style, word)} ${check.title}${rule}`, ...more].join("\n");
}
