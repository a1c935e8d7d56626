/** podpass/jwks: keys that are fetched, cached and rotated, wherever `fetch` does. */

import { documentOf, plainOf, textOf } from "./input.js";
import type * as contract from "./jwks/api.js";
import { cryptoNamed } from "./jwks/crypto.js";
import { verifierOf } from "./jwks/verifier.js";
import { Judge } from "./judge.js";
import { listLater, verifyLater } from "./signatures.js";
import { WebSignatures } from "./webcrypto.js";

export const createVerifier: typeof contract.createVerifier = (options) => {
  const { crypto = "wasm", ...rest } = options ?? {};
  return verifierOf(rest, { crypto: cryptoNamed(crypto) });
};

export const verifyServiceAccountToken: typeof contract.verifyServiceAccountToken = async (token, keys, options) =>
  once(keys, options, (judge, now) => verifyLater(judge, new WebSignatures(judge.jwks()), textOf(token, "token"), now));

export const checkServiceAccountToken: typeof contract.checkServiceAccountToken = async (token, keys, options) =>
  once(keys, options, (judge, now) => listLater(judge, new WebSignatures(judge.jwks()), textOf(token, "token"), now));

async function once<Answer>(keys: unknown, options: { now?: number }, use: (judge: Judge, now: number) => Promise<Answer>): Promise<Answer> {
  plainOf(options, "options");
  const judge = new Judge(documentOf(keys, "keys"), options);
  try {
    return await use(judge, options.now ?? Date.now() / 1000);
  } finally {
    judge.dispose();
  }
}
