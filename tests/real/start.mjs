/** `cargo xtask cluster` runs this: one API server, and how to reach it, until Ctrl-C or the end of the input. */
import { parseArgs } from "node:util";

import { ApiServer, Ground } from "./lib/cluster.mjs";
import { KINDS, newKey } from "./lib/keys.mjs";

const { values } = parseArgs({
  options: {
    key: { type: "string", default: "rsa" },
    "old-key": { type: "string", multiple: true, default: [] },
    issuer: { type: "string", multiple: true },
    "api-audience": { type: "string", multiple: true },
    "max-token-expiration": { type: "string" },
    "no-extension": { type: "boolean" },
    "no-lookup": { type: "boolean" },
  },
});
for (const kind of [values.key, ...values["old-key"]]) {
  if (!KINDS.includes(kind)) throw new Error(`a key is one of ${KINDS.join(", ")}, found ${kind}`);
}

const cap = values["max-token-expiration"];
const cluster = {
  issuers: values.issuer,
  apiAudiences: values["api-audience"],
  maxTokenExpiration: cap === undefined ? undefined : Number(cap),
  extendTokenExpiration: values["no-extension"] ? false : undefined,
  serviceAccountLookup: values["no-lookup"] ? false : undefined,
};

process.stdin.resume().on("end", () => process.exit(0));
console.log("   starting etcd");
const ground = await Ground.lay();
console.log("   starting the API server");
const signer = newKey(values.key);
const server = await ApiServer.start(ground, { name: "cluster", cluster, signer, keys: [signer, ...values["old-key"].map(newKey)] });
server.program.ended.then((code) => {
  console.error(`the API server ended (${code}): ${server.program.log}`);
  process.exit(1);
});

const { gitVersion } = (await server.get("/version")).good();
const kubeconfig = ground.write("kubeconfig", JSON.stringify({
  apiVersion: "v1", kind: "Config", "current-context": "podpass",
  clusters: [{ name: "podpass", cluster: { server: server.url, "certificate-authority": ground.file("ca.crt") } }],
  users: [{ name: "admin", user: { "client-certificate": ground.file("admin.crt"), "client-key": ground.file("admin.key") } }],
  contexts: [{ name: "podpass", context: { cluster: "podpass", user: "admin" } }],
}));
console.log(`
Kubernetes ${gitVersion} at ${server.url}; Ctrl-C ends it and removes its files
  kubectl --kubeconfig ${kubeconfig} get namespaces
  curl --cacert ${ground.file("ca.crt")} --cert ${ground.file("admin.crt")} --key ${ground.file("admin.key")} ${server.url}/openid/v1/jwks
  its log: ${server.program.log}`);
