/** A token judged by the engine, its signature checked by somebody else. All ways give the same answers. */

import type { CheckedToken, ObjectRef, VerifiedToken } from "./api.js";
import type { Judge, SignatureRequest, Verdict } from "./judge.js";

/** Whether a key of the set made a signature; `undefined`: this key or algorithm is left to the engine. */
export interface Signatures<Answer> {
  check(key: number, alg: string, input: Uint8Array<ArrayBuffer>, signature: Uint8Array<ArrayBuffer>): Answer;
}
export type Now = Signatures<boolean | undefined>;
export type Later = Signatures<Promise<boolean | undefined>>;

/** The claims of a token on the short way: the engine has seen that each is of this type. */
interface PlainClaims {
  aud?: string | string[]; iss?: string; iat?: number; exp: number;
  "kubernetes.io": { namespace: string; serviceaccount: ObjectRef; pod?: ObjectRef; node?: ObjectRef };
}

/** Puts the answer together as the engine does on the long way. */
function verifiedOf(json: string): VerifiedToken {
  const { header, claims, kind, key }: Pick<VerifiedToken, "header" | "claims" | "kind" | "key"> = JSON.parse(json);
  const { aud = [], iss = "", iat, exp, "kubernetes.io": { namespace, serviceaccount, pod, node } } = claims as unknown as PlainClaims;
  const verified: VerifiedToken = { header, claims, kind, serviceAccount: { namespace, ...refOf(serviceaccount) }, issuer: iss, audiences: typeof aud === "string" ? [aud] : [...aud], expiresAt: exp, key };
  if (pod) verified.pod = refOf(pod);
  if (node) verified.node = refOf(node);
  if (iat !== undefined) verified.issuedAt = iat;
  return verified;
}

const refOf = ({ name, uid }: ObjectRef): ObjectRef => (uid === undefined ? { name } : { name, uid });

/** The short way: a token that passes. `undefined` says nothing: ask `verifyNow`. */
export function passesNow(judge: Judge, signatures: Now, token: string, now: number): VerifiedToken | undefined {
  const foreseen = judge.foresee(token, now);
  if (!foreseen) return undefined;
  const verified = verifiedOf(foreseen.json);
  return signatures.check(foreseen.key, verified.key.alg, foreseen.input, foreseen.signature) === true ? verified : undefined;
}

/** Throws the first failing check. */
export function verifyNow(judge: Judge, signatures: Now, token: string, now: number): VerifiedToken {
  return judge.conclude(token, now, verdictsNow(judge, signatures, token));
}

/** Lists every check. */
export function listNow(judge: Judge, signatures: Now, token: string, now: number): CheckedToken {
  return judge.list(token, now, verdictsNow(judge, signatures, token));
}

export async function verifyLater(judge: Judge, signatures: Later, token: string, now: number): Promise<VerifiedToken> {
  const foreseen = judge.foresee(token, now);
  if (foreseen) {
    const verified = verifiedOf(foreseen.json);
    const { key, input, signature } = foreseen;
    if (await signatures.check(key, verified.key.alg, input.slice(), signature.slice())) return verified;
  }
  return judge.conclude(token, now, await verdictsLater(judge, signatures, token));
}

export async function listLater(judge: Judge, signatures: Later, token: string, now: number): Promise<CheckedToken> {
  return judge.list(token, now, await verdictsLater(judge, signatures, token));
}

function verdictsNow(judge: Judge, signatures: Now, token: string): Verdict[] {
  const request = judge.request(token);
  if (!request) return [];
  const [input, signature] = piecesOf(token, request);
  const verdicts: Verdict[] = [];
  for (const key of request.keys) {
    const made = signatures.check(key, request.alg, input, signature);
    if (made !== undefined) verdicts.push([key, made]);
    if (made) break;
  }
  return verdicts;
}

async function verdictsLater(judge: Judge, signatures: Later, token: string): Promise<Verdict[]> {
  const request = judge.request(token);
  if (!request) return [];
  const [input, signature] = piecesOf(token, request);
  const verdicts: Verdict[] = [];
  for (const key of request.keys) {
    const made = await signatures.check(key, request.alg, input, signature);
    if (made !== undefined) verdicts.push([key, made]);
    if (made) break;
  }
  return verdicts;
}

/** What is signed, and the signature. The engine asks only about tokens whose form is right: ASCII, strict base64url. */
function piecesOf(token: string, request: SignatureRequest): [Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>] {
  const base64 = token.slice(request.input + 1).replaceAll("-", "+").replaceAll("_", "/");
  return [bytesOf(token.slice(0, request.input)), bytesOf(atob(base64))];
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
