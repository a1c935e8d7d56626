/** ServiceAccount admission and validation: the pod that is stored, or the error, against a dry run. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { inspectPods } from "../lib/engine.mjs";
import { Matrix, sideBySide } from "../lib/matrix.mjs";
import { ACCOUNT_OBJECTS, pods } from "../lib/pods.mjs";
import { account, NAMESPACE } from "../lib/world.mjs";

const CASES = fileURLToPath(new URL("../../cases/", import.meta.url));

/** No webhooks are called here. */
const NO_WEBHOOKS = { webhooks: { eks: false, azure: false } };

/** `defaulter`: a server without ServiceAccount admission. It fills in the API's defaults, of which a prediction has none. */
export async function generatedPods(test, server, defaulter, { seed, count }) {
  const matrix = new Matrix();
  for (const [name, more] of ACCOUNT_OBJECTS) await account(server, name, more);
  const known = { ...(await server.known()), ...NO_WEBHOOKS };
  await sideBySide(pods(seed, count), (pod) => compare(matrix, { server, defaulter, known }, pod));
  matrix.settle(test);
}

async function compare(matrix, { server, defaulter, known }, pod) {
  const given = JSON.parse(JSON.stringify(pod));
  const namespace = given.metadata.namespace ?? "default";
  const real = outcome(await create(server, namespace, given));
  const [report] = inspectPods(JSON.stringify(given), known).pods;
  const { rejected, admitted } = report;
  const predicted = rejected
    ? { error: { code: rejected.code, message: rejected.message, httpStatus: rejected.httpStatus } }
    : real.error ? { pod: "admitted" } : outcome(await create(defaulter, namespace, admitted));
  matrix.add(JSON.stringify(given), predicted, real);
}

const create = (server, namespace, pod) => server.request("POST", `/api/v1/namespaces/${namespace}/pods?dryRun=All`, { body: pod });

/** What the server said, without what it draws by chance. */
function outcome(answer) {
  const told = JSON.parse(answer.body.replace(/\b(kube-api-access-|web-)[bcdfghjklmnpqrstvwxz2456789]{5}\b/g, "$1xxxxx"));
  if (answer.status >= 300) return { error: { code: told.reason, message: told.message, httpStatus: told.code } };
  const { metadata: { name, generateName, annotations, labels }, spec } = told;
  return { pod: { metadata: { name: generateName ? undefined : name, generateName, annotations, labels }, spec } };
}
