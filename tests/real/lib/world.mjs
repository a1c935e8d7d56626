/** What exists in the clusters: accounts, pods, Secrets and nodes that tokens are bound to. */
import { mint } from "./keys.mjs";

export const NAMESPACE = "production";
const at = (plural) => `/api/v1/namespaces/${NAMESPACE}/${plural}`;

/** Keeps an object that is deleted from going. */
export const FINALIZER = "podpass.test/kept";

/** Where an object of this kind is read and changed. */
export const pathOf = (kind, name) => (kind === "nodes" ? `/api/v1/nodes/${name}` : `${at(kind)}/${name}`);

export async function populate(server) {
  await server.ensureNamespace(NAMESPACE);
  for (const name of ["app", "other", "default", "doomed", "renewed", "kept"]) await account(server, name);
  await node(server, "node-1");
  await node(server, "node-gone");
  await pod(server, "web", { node: "node-1" });
  await pod(server, "pending");
  await pod(server, "lost", { node: "node-nowhere" });
  await pod(server, "foreign", { account: "other", node: "node-1" });
  await server.create(at("secrets"), { metadata: { name: "anchor" } });
}

export const account = (server, name, more = {}) =>
  server.create(at("serviceaccounts"), { metadata: { name, ...more.metadata }, ...more.members });

export const node = (server, name, finalizers) => server.create("/api/v1/nodes", { metadata: { name, finalizers } });

export const pod = (server, name, { account: serviceAccountName = "app", node: nodeName, finalizers } = {}) =>
  server.create(at("pods"), {
    metadata: { name, finalizers },
    spec: { serviceAccountName, nodeName, automountServiceAccountToken: false, containers: [{ name: "app", image: "app" }] },
  });

/** A Secret of a legacy token. No controller runs, so the token is minted here, with the cluster's own key. */
export async function legacySecret(server, name, { account: accountName = "app", stored, labels, finalizers } = {}) {
  const { metadata: { uid } } = (await server.get(pathOf("serviceaccounts", accountName))).good();
  const token = mint(server.signer, legacyClaims(accountName, uid, name));
  await server.create(at("secrets"), {
    metadata: { name, labels, finalizers, annotations: { "kubernetes.io/service-account.name": accountName, "kubernetes.io/service-account.uid": uid } },
    type: "kubernetes.io/service-account-token",
    data: { token: Buffer.from(stored ?? token).toString("base64") },
  });
  return token;
}

export const legacyClaims = (accountName, uid, secret) => ({
  iss: "kubernetes/serviceaccount",
  sub: `system:serviceaccount:${NAMESPACE}:${accountName}`,
  "kubernetes.io/serviceaccount/namespace": NAMESPACE,
  "kubernetes.io/serviceaccount/secret.name": secret,
  "kubernetes.io/serviceaccount/service-account.name": accountName,
  "kubernetes.io/serviceaccount/service-account.uid": uid,
});
