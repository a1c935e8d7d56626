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
  for (const [name, more] of [["default"], ["app"], ...ACCOUNT_OBJECTS]) await account(server, name, more);
  const known = { ...(await server.known()), ...NO_WEBHOOKS };
  await sideBySide(pods(seed, count), (pod) => compare(matrix, { server, defaulter, known }, pod));
  matrix.settle(test);
}

/** Every pod of every case file, each beside the accounts that its case has. */
export async function podsOfCases(test, server, defaulter) {
  const matrix = new Matrix();
  for (const [file, manifests, objects] of casesOfPods()) {
    const all = [...items(manifests), ...items(objects)];
    const found = all.filter(({ kind, spec }) => kind === "Pod" && spec).map((pod) => ({ ...pod, metadata: { ...pod.metadata, namespace: pod.metadata?.namespace ?? "default" } }));
    const namespaces = new Set(found.map(({ metadata }) => metadata.namespace));
    for (const namespace of namespaces) await accountsOf(server, defaulter, namespace, all);
    const known = { ...(await server.known()), ...NO_WEBHOOKS };
    for (const pod of found) await compare(matrix, { server, defaulter, known }, asCreated(pod), file);
  }
  matrix.settle(test);
}

/** `[file, manifests, objects, cluster]`, the objects as JSON or YAML text. */
export function casesOfPods() {
  const files = readdirSync(CASES, { recursive: true }).filter((name) => name.endsWith(".json")).sort();
  return files.flatMap((file) => JSON.parse(readFileSync(join(CASES, file), "utf8")).calls
    .filter(({ function: name, arguments: [first] }) => name === "inspectPods" && typeof first === "string")
    .map(({ arguments: [manifests, cluster] }) => [file, manifests, cluster?.objects ?? "", cluster]));
}

/** JSON only: the cases in YAML are about places in the text. */
export function items(text) {
  try {
    const value = JSON.parse(text);
    return value.items ?? [value];
  } catch {
    return [];
  }
}

/** What a person sends: nothing that only the server writes, and an image, which is no matter of tokens. */
export function asCreated({ apiVersion, kind, metadata: { name, generateName, namespace, annotations, labels }, spec }) {
  const containers = (list) => list?.map((container) => ({ image: "app", ...container }));
  return {
    apiVersion, kind, metadata: { name, generateName, namespace, annotations, labels },
    spec: { ...spec, containers: containers(spec.containers), initContainers: containers(spec.initContainers), ephemeralContainers: undefined },
  };
}

/** Leaves exactly the accounts of the case in a namespace. */
async function accountsOf(server, defaulter, namespace, all) {
  for (const one of [server, defaulter]) await one.ensureNamespace(namespace);
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts`;
  await server.request("DELETE", path, { body: { kind: "DeleteOptions", apiVersion: "v1" } });
  for (const { kind, metadata, automountServiceAccountToken, secrets, imagePullSecrets } of all) {
    if (kind !== "ServiceAccount" || (metadata.namespace ?? "default") !== namespace) continue;
    await server.request("POST", path, { body: { metadata: { name: metadata.name, annotations: metadata.annotations }, automountServiceAccountToken, secrets, imagePullSecrets } });
  }
}

async function compare(matrix, { server, defaulter, known }, pod, where = "") {
  const given = JSON.parse(JSON.stringify(pod));
  const namespace = given.metadata.namespace ?? "default";
  const real = outcome(await create(server, namespace, given));
  const [report] = inspectPods(JSON.stringify(given), known).pods;
  const { rejected, admitted } = report;
  const predicted = rejected
    ? { error: { code: rejected.code, message: rejected.message, httpStatus: rejected.httpStatus } }
    : real.error ? { pod: "admitted" } : outcome(await create(defaulter, namespace, admitted));
  matrix.add(`${where} ${JSON.stringify(given)}`, predicted, real);
}

const create = (server, namespace, pod) => server.request("POST", `/api/v1/namespaces/${namespace}/pods?dryRun=All`, { body: pod });

/** What the server said, without what it draws by chance. */
function outcome(answer) {
  const told = JSON.parse(answer.body.replace(/\b(kube-api-access-|web-)[bcdfghjklmnpqrstvwxz2456789]{5}\b/g, "$1xxxxx"));
  if (answer.status >= 300) return { error: { code: told.reason, message: told.message, httpStatus: told.code } };
  const { metadata: { name, generateName, annotations, labels }, spec } = told;
  return { pod: { metadata: { name: generateName ? undefined : name, generateName, annotations, labels }, spec } };
}
