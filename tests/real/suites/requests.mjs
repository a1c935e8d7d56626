/** TokenRequests: claims, reply, warnings and errors, member by member. */
import { simulateTokenRequest } from "../lib/engine.mjs";
import { claimsOf, headerOf } from "../lib/keys.mjs";
import { Matrix, sideBySide, thinned } from "../lib/matrix.mjs";
import { NAMESPACE, pathOf } from "../lib/world.mjs";

const LIVES = [undefined, -1, 0, 599, 600, 3600, 3606, 3607, 3608, 86_400, 86_401, 2 ** 32, 2 ** 32 + 1, 2 ** 53 - 1];
const FOREIGN = "vault";
const NODE_USER = { "impersonate-user": "system:node:node-1", "impersonate-group": "system:nodes" };

/** `share`: which of the questions are asked. */
export async function tokenRequests(test, server, share) {
  const matrix = new Matrix();
  const known = await server.known();
  await sideBySide(thinned(await questions(server), share), (question) => compare(matrix, server, known, question));
  matrix.settle(test);
}

/** As the account's own administrator: every life, audience and bound object. */
async function questions(server) {
  const uid = async (kind, name) => (await server.get(pathOf(kind, name))).good().metadata.uid;
  const api = server.cluster.apiAudiences ?? server.cluster.issuers ?? ["https://kubernetes.default.svc.cluster.local"];
  const audiences = [undefined, [], api.slice(0, 1), api.slice(-1), api, [FOREIGN], [...api, FOREIGN], [FOREIGN, "other"], [api[0], api[0]], [""]];
  const bound = [
    {}, { pod: { name: "web" } }, { pod: { name: "web", uid: await uid("pods", "web") } }, { pod: { name: "pending" } }, { pod: { name: "lost" } },
    { secret: { name: "anchor" } }, { secret: { name: "anchor", uid: await uid("secrets", "anchor") } },
    { node: { name: "node-1" } }, { node: { name: "node-1", uid: await uid("nodes", "node-1") } },
  ];
  const wrong = [
    { pod: { name: "foreign" } }, { pod: { name: "nowhere" } }, { pod: { name: "web", uid: "wrong" } }, { pod: { name: "foreign", uid: "wrong" } },
    { secret: { name: "nowhere" } }, { secret: { name: "anchor", uid: "wrong" } }, { node: { name: "nowhere" } }, { node: { name: "node-1", uid: "wrong" } },
    ...["", "..", "a/b%c"].flatMap((name) => [{ pod: { name } }, { secret: { name } }, { node: { name } }, { pod: { name, uid: "any" } }]),
  ];
  const accounts = [
    { name: "nobody" }, { name: "app", uid: "wrong" }, { name: "app", uid: await uid("serviceaccounts", "app") }, { name: "nobody", uid: "wrong" }, { name: "other" },
  ];
  const app = { name: "app" };
  return [
    ...cross(LIVES, audiences, bound).map(([seconds, audience, ref]) => ({ account: app, seconds, audience, ref })),
    ...cross([undefined, 1, 3607, 2 ** 33], [undefined, [FOREIGN]], wrong).map(([seconds, audience, ref]) => ({ account: app, seconds, audience, ref })),
    ...cross(accounts, [undefined, 1, 3607], [...bound, ...wrong]).map(([account, seconds, ref]) => ({ account, seconds, ref })),
    ...cross([undefined, 1, 3607], [undefined, api.slice(0, 1), [FOREIGN], [""], [FOREIGN, "b"]], [...bound, ...wrong])
      .map(([seconds, audience, ref]) => ({ account: app, seconds, audience, ref, kubelet: { node: "node-1" } })),
  ];
}

const cross = (...lists) => lists.reduce((rows, list) => rows.flatMap((row) => list.map((item) => [...row, item])), [[]]);

async function compare(matrix, server, known, { account, seconds, audience, ref, kubelet }) {
  const [[kind, object] = []] = Object.entries(ref);
  const spec = {
    audiences: audience,
    expirationSeconds: seconds,
    ...(kind && { boundObjectRef: { apiVersion: "v1", kind: kind[0].toUpperCase() + kind.slice(1), ...object } }),
  };
  const before = Math.floor(Date.now() / 1000);
  const answer = await server.tokenRequest(NAMESPACE, account.name, spec, account.uid && { uid: account.uid }, kubelet && NODE_USER);
  const real = told(answer);
  const predicted = simulateTokenRequest({
    cluster: known, serviceAccount: { namespace: NAMESPACE, ...account }, ...ref, audiences: audience, expirationSeconds: seconds, kubelet,
    now: real.claims?.iat ?? before, jti: real.claims?.jti,
  });
  // The reply's timestamp is taken before the claims: a second may have begun between them.
  if (real.reply && predicted.reply && real.reply.expirationTimestamp === predicted.reply.expirationTimestamp - 1) real.reply.expirationTimestamp += 1;
  const name = JSON.stringify({ account, seconds, audience, ref, kubelet });
  matrix.add(name, { header: real.claims && { alg: server.signer.alg, kid: server.signer.kid }, ...words(predicted) }, real);
}

/** Of a prediction what the server says too. */
const words = ({ claims, reply, warnings, error }) => ({
  claims, reply, warnings, error: error && { code: error.code, message: error.message, httpStatus: error.httpStatus },
});

/** The server's answer in the engine's words. */
function told(answer) {
  if (answer.status >= 300) {
    const { reason, message, code } = answer.json;
    return { warnings: answer.warnings, error: { code: reason ?? "", message, httpStatus: code } };
  }
  const { spec, status } = answer.json;
  return {
    header: headerOf(status.token),
    claims: claimsOf(status.token),
    reply: { expirationSeconds: spec.expirationSeconds, expirationTimestamp: Date.parse(status.expirationTimestamp) / 1000 },
    warnings: answer.warnings,
  };
}
