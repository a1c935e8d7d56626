/** Which of the engine's inputs a text is: told by what it holds, for nobody names files alike. */

import { decodeToken, evaluateFederation, inspectPods, parseKeys } from "../index.js";

/** `broken`: reads like one of ours and cannot be parsed. */
export type Kind = "token" | "jwks" | "manifests" | "trust" | "broken" | "other";

export function recognise(text: string): { kind: Kind; problem?: string } {
  if (isTrust(text)) return { kind: "trust" };
  const { checks } = inspectPods(text);
  const failed = checks.find((check) => check.status === "fail");
  if (!failed && /\bkind\b/.test(text)) return { kind: "manifests" };
  if (parseKeys(text).keys.length > 0) return { kind: "jwks" };
  if (/^[\w.\s"'=:-]+$/.test(text) && decodeToken(text).kind !== undefined) return { kind: "token" };
  if (failed?.id === "manifests/syntax") {
    return /\b(apiVersion|kind|Statement|AssumeRolePolicyDocument)\b/.test(text) ? { kind: "broken", problem: failed.title } : { kind: "other" };
  }
  // Some of it has a kind: the rest is a mistake in a manifest, not another sort of file.
  return failed && /^\s*(- )?["']?apiVersion["']?\s*:/m.test(text) ? { kind: "broken", problem: failed.title } : { kind: "other" };
}

function isTrust(text: string): boolean {
  const [outcome] = evaluateFederation({ trust: [text], now: 0 });
  return outcome !== undefined && !outcome.checks.some((check) => check.id === "oidc/document" && check.status === "unknown");
}
