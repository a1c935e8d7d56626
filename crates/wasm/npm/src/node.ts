/** podpass/node: `podpass/jwks` with what Node and a cluster have. */

import { wrongArgument } from "./failure.js";
import { documentOf, plainOf, textOf } from "./input.js";
import { onlyMembers } from "./jwks/config.js";
import { cryptoNamed } from "./jwks/crypto.js";
import type { Crypto } from "./jwks/keys.js";
import { verifierOf } from "./jwks/verifier.js";
import { Judge } from "./judge.js";
import type * as contract from "./node/api.js";
import { ApiServer } from "./node/cluster.js";
import { guardOf } from "./node/guard.js";
import { HostSignatures } from "./node/host.js";
import { tokenReviewerOf } from "./node/review.js";
import { listNow, verifyNow } from "./signatures.js";

const HOST: Crypto = { kind: "now", of: (jwks) => new HostSignatures(jwks) };

export const createVerifier: typeof contract.createVerifier = (options) => {
  const { crypto = "host", inCluster, issuers, ...rest } = options ?? {};
  if (inCluster !== undefined) onlyMembers(inCluster, ["apiServer", "caFile", "tokenFile"], "inCluster");
  if (!Array.isArray(issuers)) throw wrongArgument("issuers must be a list of at least one issuer");
  let server: ApiServer | undefined;
  const keysOfCluster = new Set<object>();
  const configs = issuers.map((issuer) => {
    if (issuer !== "in-cluster" && issuer?.issuer !== "in-cluster") return issuer as contract.IssuerConfig;
    server ??= new ApiServer(inCluster);
    const own = server.ownToken();
    const given = issuer === "in-cluster" ? { audience: own.audiences } : issuer;
    const config = { ...given, issuer: own.issuer, jwksUri: `${server.origin}/openid/v1/jwks` } as contract.IssuerConfig;
    keysOfCluster.add(config);
    return config;
  });
  return verifierOf({ ...rest, issuers: configs }, {
    crypto: crypto === "host" ? HOST : cryptoNamed(crypto),
    fetchFor: (config) => (keysOfCluster.has(config) ? server?.fetch : undefined),
  });
};

export const verifyServiceAccountToken: typeof contract.verifyServiceAccountToken = (token, keys, options) =>
  once(keys, options, (judge, now) => verifyNow(judge, new HostSignatures(judge.jwks()), textOf(token, "token"), now));

export const checkServiceAccountToken: typeof contract.checkServiceAccountToken = (token, keys, options) =>
  once(keys, options, (judge, now) => listNow(judge, new HostSignatures(judge.jwks()), textOf(token, "token"), now));

function once<Answer>(keys: unknown, options: { now?: number }, use: (judge: Judge, now: number) => Answer): Answer {
  plainOf(options, "options");
  const judge = new Judge(documentOf(keys, "keys"), options);
  try {
    return use(judge, options.now ?? Date.now() / 1000);
  } finally {
    judge.dispose();
  }
}

export const tokenReviewer: typeof contract.tokenReviewer = (options) => tokenReviewerOf(options);

export const guard: typeof contract.guard = (verifier, options) => guardOf(verifier, options);
