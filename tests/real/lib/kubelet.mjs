/** A real kubelet, of which only the containers are made up, beside an API server that notes every TokenRequest. */
import { existsSync, mkdirSync, readFileSync } from "node:fs";

import { ApiServer } from "./cluster.mjs";
import { start, stop, until } from "./processes.mjs";

/** Where `cargo xtask` has put the program; nothing where it cannot run: it mounts tmpfs, which only root may. */
export const KUBELET = process.env.PODPASS_KUBELET;

/** The node that tests/real/certs makes a certificate for. */
export const NODE = "node-1";

/** Requests and replies of TokenRequests, once each; nothing else. */
const POLICY = {
  apiVersion: "audit.k8s.io/v1", kind: "Policy", omitStages: ["RequestReceived"],
  rules: [{ level: "RequestResponse", verbs: ["create"], resources: [{ group: "", resources: ["serviceaccounts/token"] }] }, { level: "None" }],
};

/** An API server with an audit log. */
export async function auditedServer(ground, flags) {
  const log = ground.file("audit.log");
  const more = [`--audit-policy-file=${ground.write("audit-policy.json", JSON.stringify(POLICY))}`, `--audit-log-path=${log}`];
  const server = await ApiServer.start(ground, { ...flags, more });
  return Object.assign(server, { audit: log });
}

/** What kubelets have asked `server` for, in order: when, for which pod, and what came of it. */
export function tokenRequestsOf(server) {
  const lines = existsSync(server.audit) ? readFileSync(server.audit, "utf8").split("\n").slice(0, -1) : [];
  return lines.map((line) => JSON.parse(line)).filter(({ user }) => user.username === `system:node:${NODE}`).map((event) => {
    const { audiences, expirationSeconds, boundObjectRef: { uid } } = event.requestObject.spec;
    const { spec, status } = event.responseObject ?? {};
    return {
      at: Date.parse(event.requestReceivedTimestamp) / 1000, uid, account: event.objectRef.name, audiences: audiences ?? [], expirationSeconds, code: event.responseStatus.code,
      granted: spec?.expirationSeconds, expires: status?.expirationTimestamp && Date.parse(status.expirationTimestamp) / 1000,
    };
  });
}

export class Kubelet {
  /** Registers the node and waits until it is there. */
  static async start(ground, server) {
    const folder = ground.file("node");
    mkdirSync(folder);
    const kubeconfig = ground.write("node.kubeconfig", JSON.stringify({
      apiVersion: "v1", kind: "Config", "current-context": "node",
      clusters: [{ name: "podpass", cluster: { server: server.url, "certificate-authority": ground.file("ca.crt") } }],
      users: [{ name: "node", user: { "client-certificate": ground.file("node.crt"), "client-key": ground.file("node.key") } }],
      contexts: [{ name: "node", context: { cluster: "podpass", user: "node" } }],
    }));
    const kubelet = new Kubelet();
    // In a mount namespace of its own: its mounts are gone when it is, however it ends.
    const command = [KUBELET, `--kubeconfig=${kubeconfig}`, `--node=${NODE}`, `--folder=${folder}`];
    kubelet.program = start("unshare", ["--mount", "--propagation", "private", ...command], ground.file("kubelet.log"));
    kubelet.pods = `/proc/${kubelet.program.child.pid}/root${folder}/root/pods`;
    await until(kubelet.program, () => server.get(`/api/v1/nodes/${NODE}`).then(({ status }) => status === 200));
    return kubelet;
  }

  /** The folder of a pod's projected volume, as the kubelet sees it. */
  volume(uid, name) {
    return `${this.pods}/${uid}/volumes/kubernetes.io~projected/${name}`;
  }

  /** What is mounted into a container that takes but a part of a volume. */
  subPath(uid, volume, container, index) {
    return `${this.pods}/${uid}/volume-subpaths/${volume}/${container}/${index}`;
  }

  stop() {
    return stop(this.program);
  }
}
