/** A real API server on etcd, on the loopback address, with an authority of its own. No controllers run. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import https from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { newKey } from "./keys.mjs";
import { freePorts, run, start, stop, until } from "./processes.mjs";

const module_ = fileURLToPath(new URL("..", import.meta.url));

/** Where `cargo xtask` has put the programs. */
export const APISERVER = process.env.PODPASS_APISERVER ?? "kube-apiserver";
const ETCD = process.env.PODPASS_ETCD ?? "etcd";

export const ISSUER = "https://kubernetes.default.svc.cluster.local";

/** etcd and certificates, which several API servers share one after the other or side by side. */
export class Ground {
  static async lay() {
    const ground = new Ground();
    ground.dir = mkdtempSync(join(tmpdir(), "podpass-real-"));
    process.on("exit", () => rmSync(ground.dir, { recursive: true, force: true }));
    run("go", ["run", "./certs", ground.dir], { cwd: module_ });
    const [client, peer] = await freePorts(2);
    ground.etcdUrl = `http://127.0.0.1:${client}`;
    const peerUrl = `http://127.0.0.1:${peer}`;
    ground.etcd = start(ETCD, [
      "--name=podpass", `--data-dir=${join(ground.dir, "etcd")}`, "--logger=zap", "--log-level=warn",
      `--listen-client-urls=${ground.etcdUrl}`, `--advertise-client-urls=${ground.etcdUrl}`,
      `--listen-peer-urls=${peerUrl}`, `--initial-advertise-peer-urls=${peerUrl}`, `--initial-cluster=podpass=${peerUrl}`,
    ], ground.file("etcd.log"));
    const healthy = () => fetch(`${ground.etcdUrl}/health`).then((answer) => answer.ok, () => false);
    await until(ground.etcd, healthy);
    return ground;
  }

  file(name) {
    return join(this.dir, name);
  }

  read(name) {
    return readFileSync(this.file(name), "utf8");
  }

  /** Writes a file that a flag names, and gives its path. */
  write(name, text) {
    writeFileSync(this.file(name), text, { mode: 0o600 });
    return this.file(name);
  }

  /** The files go when this process ends. */
  async clear() {
    await stop(this.etcd);
  }
}

/** Flags of the API server for what the engine calls a cluster. */
export function flagsOf(cluster) {
  const { issuers = [ISSUER], apiAudiences, maxTokenExpiration, extendTokenExpiration, serviceAccountLookup, jwksUri, disableAdmissionPlugins } = cluster;
  const flag = (name, value) => (value === undefined ? [] : [`--${name}=${value}`]);
  return [
    ...issuers.map((issuer) => `--service-account-issuer=${issuer}`),
    ...flag("api-audiences", apiAudiences?.length > 0 ? apiAudiences.join(",") : undefined),
    ...flag("service-account-max-token-expiration", maxTokenExpiration === undefined ? undefined : `${maxTokenExpiration}s`),
    ...flag("service-account-extend-token-expiration", extendTokenExpiration),
    ...flag("service-account-lookup", serviceAccountLookup),
    ...flag("service-account-jwks-uri", jwksUri),
    ...flag("disable-admission-plugins", disableAdmissionPlugins?.join(",")),
    ...(disableAdmissionPlugins?.includes("NodeRestriction") ? [] : ["--enable-admission-plugins=NodeRestriction"]),
  ];
}

/** Flags without which no API server starts here, whatever is tried. */
export const groundFlags = (ground, name, port) => [
  `--etcd-servers=${ground.etcdUrl}`, `--etcd-prefix=/${name}`,
  "--bind-address=127.0.0.1", "--advertise-address=127.0.0.1", `--secure-port=${port}`,
  `--tls-cert-file=${ground.file("server.crt")}`, `--tls-private-key-file=${ground.file("server.key")}`,
  `--client-ca-file=${ground.file("ca.crt")}`, "--authorization-mode=Node,RBAC", "--service-cluster-ip-range=10.0.0.0/24",
];

/** One API server with its flags, keys and client. */
export class ApiServer {
  /**
   * `cluster`: flags as the engine takes them. `signer` signs; `keys` verify, in the order of the flag, the signer's if left out.
   * Servers of one `name` share what etcd holds. `more`: further flags.
   */
  static async start(ground, { name, cluster = {}, signer = newKey("rsa"), keys = [signer], more = [] }) {
    const [port] = await freePorts(1);
    const server = Object.assign(new ApiServer(), { ground, name, signer, keySet: keys, url: `https://127.0.0.1:${port}` });
    server.cluster = { ...cluster, externalAddress: `127.0.0.1:${port}` };
    server.keys = keys.map((key) => key.publicPem).join("");
    const files = keys.map((key, index) => ground.write(`${name}-${port}-${index}.pub`, key.publicPem));
    server.program = start(APISERVER, [
      ...groundFlags(ground, name, port),
      `--service-account-signing-key-file=${ground.write(`${name}-${port}.key`, signer.privatePem)}`,
      ...files.map((file) => `--service-account-key-file=${file}`),
      ...flagsOf(cluster), ...more,
    ], ground.file(`${name}-${port}.log`));
    server.agent = new https.Agent({ keepAlive: true, maxSockets: 16, ca: ground.read("ca.crt") });
    server.identity = { cert: ground.read("admin.crt"), key: ground.read("admin.key") };
    server.admin = new https.Agent({ keepAlive: true, maxSockets: 16, ca: ground.read("ca.crt"), ...server.identity });
    await until(server.program, () => server.get("/readyz").then(({ status }) => status === 200, () => false));
    return server;
  }

  async stop() {
    this.agent.destroy();
    this.admin.destroy();
    await stop(this.program);
  }

  /** One request: with a `token` (or none, `anonymous`), else as administrator. `body` is an object. */
  request(method, path, { body, headers = {}, token, anonymous = false } = {}) {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const agent = token !== undefined || anonymous ? this.agent : this.admin;
    const sent = { ...(text !== undefined && { "content-type": "application/json", "content-length": Buffer.byteLength(text) }), ...(token !== undefined && { authorization: `Bearer ${token}` }), ...headers };
    return new Promise((resolve, reject) => {
      const request = https.request(this.url, { path, method, agent, headers: sent }, (answer) => {
        const chunks = [];
        answer.on("data", (chunk) => chunks.push(chunk)).on("error", reject);
        answer.on("end", () => resolve(new Answer(answer.statusCode, answer.headers, Buffer.concat(chunks).toString())));
      });
      request.on("error", reject).end(text);
    });
  }

  get(path, options) {
    return this.request("GET", path, options);
  }

  /** Creates an object; anything but success is an error. */
  async create(path, body) {
    return (await this.request("POST", path, { body })).good();
  }

  async delete(path, body = {}) {
    return (await this.request("DELETE", path, { body: { kind: "DeleteOptions", apiVersion: "v1", ...body } })).good();
  }

  async patch(path, body) {
    return (await this.request("PATCH", path, { body, headers: { "content-type": "application/merge-patch+json" } })).good();
  }

  async ensureNamespace(name) {
    const answer = await this.request("POST", "/api/v1/namespaces", { body: { metadata: { name } } });
    if (answer.status !== 409) answer.good();
  }

  /** A TokenReview's status; a refused review is `{ refused: message }`. */
  async review(token, audiences) {
    const body = { apiVersion: "authentication.k8s.io/v1", kind: "TokenReview", spec: { token, ...(audiences && { audiences }) } };
    const answer = await this.request("POST", "/apis/authentication.k8s.io/v1/tokenreviews", { body });
    return answer.status < 300 ? answer.json.status : { refused: answer.json.message };
  }

  /** A TokenRequest for `namespace/name`, as the server answers it. */
  tokenRequest(namespace, name, spec = {}, metadata, headers) {
    const body = { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", ...(metadata && { metadata }), spec };
    return this.request("POST", `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`, { body, headers });
  }

  async token(namespace, name, spec) {
    return (await this.tokenRequest(namespace, name, spec)).good().status.token;
  }

  /** Everything that exists and matters to a token, as the manifests that the engine reads. */
  async objects() {
    const kinds = [["Namespace", "namespaces"], ["ServiceAccount", "serviceaccounts"], ["Pod", "pods"], ["Secret", "secrets"], ["Node", "nodes"]];
    const lists = await Promise.all(kinds.map(async ([kind, plural]) => {
      const { items } = (await this.get(`/api/v1/${plural}`)).good();
      return items.map(({ metadata: { managedFields, ...metadata }, ...item }) => ({ apiVersion: "v1", kind, metadata, ...item }));
    }));
    return JSON.stringify({ apiVersion: "v1", kind: "List", items: lists.flat() });
  }

  /** The cluster as the engine takes it, with everything that exists at this moment. */
  async known() {
    return { ...this.cluster, objects: await this.objects(), objectsComplete: true };
  }

  log() {
    return readFileSync(this.program.log, "utf8");
  }
}

class Answer {
  constructor(status, headers, body) {
    Object.assign(this, { status, headers, body });
  }

  get json() {
    return JSON.parse(this.body);
  }

  /** The texts of `Warning` headers. */
  get warnings() {
    const lines = [this.headers.warning ?? []].flat().join(", ");
    return [...lines.matchAll(/299 - "((?:[^"\\]|\\.)*)"/g)].map(([, text]) => text.replace(/\\(.)/g, "$1"));
  }

  /** The object that was answered, if the request went well. */
  good() {
    if (this.status >= 300) throw new Error(`the API server answered ${this.status}: ${this.body}`);
    return this.json;
  }
}
