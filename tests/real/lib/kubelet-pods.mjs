/** Pods drawn by chance that a server takes, of everything that decides about the files of tokens. */
import { Chance } from "./matrix.mjs";

const PATHS = ["token", "token", "a", "b/token", "b/c/token", "z"];
const LIVES = [undefined, 600, 3600, 3607, 86_400];
const AUDIENCES = [undefined, undefined, "vault", "https://sts.example", "a b"];
const MODES = [undefined, undefined, 0o400, 0o440, 0o644, 0o600, 0o777];
const SUB_PATHS = [undefined, undefined, undefined, "token", "b", "b/token", "absent"];
const USERS = [undefined, undefined, 0, 1000, 2000];

/** What exists beside these pods. */
export const SURROUNDINGS = [
  { kind: "ServiceAccount", metadata: { name: "default" } },
  { kind: "ServiceAccount", metadata: { name: "app" } },
  { kind: "ConfigMap", metadata: { name: "kube-root-ca.crt" }, data: { "ca.crt": "CERTIFICATE" } },
  { kind: "ConfigMap", metadata: { name: "settings" }, data: { a: "A", token: "T" }, binaryData: { z: "AA==" } },
  { kind: "Secret", metadata: { name: "keys" }, type: "Opaque", data: { a: "QQ==", b: "Qg==" } },
];

/** As many as asked for; those of one seed are always the same. */
export function nodePods(seed, count) {
  const chance = new Chance(seed);
  return Array.from({ length: count }, (_, index) => draw(chance, index));
}

function draw(chance, index) {
  const odd = chance.one([0, 0, 0.3]);
  const volumes = Array.from({ length: 1 + chance.below(3) }, (_, at) => ({
    name: `v${at}`, projected: { defaultMode: chance.one(MODES), sources: Array.from({ length: 1 + chance.below(4) }, () => source(chance, odd)) },
  }));
  const user = chance.one(USERS);
  const container = (name) => ({
    name, image: "app", volumeMounts: mounts(chance, volumes),
    securityContext: chance.perhaps(0.4) ? { runAsUser: chance.perhaps(0.6) ? (user ?? 1000) : chance.one([0, 1000, 2000]) } : undefined,
  });
  return {
    apiVersion: "v1", kind: "Pod", metadata: { name: `drawn-${index}` },
    spec: {
      serviceAccountName: chance.one([undefined, "app"]),
      automountServiceAccountToken: chance.one([undefined, false]),
      securityContext: { runAsUser: chance.perhaps(0.6) ? user : undefined, fsGroup: chance.one([undefined, undefined, 3000]) },
      initContainers: chance.perhaps(0.25) ? [container("init")] : undefined,
      containers: ["app", "side"].slice(0, 1 + chance.below(2)).map(container),
      volumes,
    },
  };
}

function source(chance, odd) {
  const wrong = chance.perhaps(odd);
  const optional = chance.one([undefined, undefined, true, false]);
  const keys = (list) => [{ key: wrong ? chance.one([...list, "zzz"]) : chance.one(list), path: chance.one(["a", "token", "b/token", "d/e"]) }];
  const kind = chance.below(10);
  if (kind < 6) return { serviceAccountToken: { path: chance.one(PATHS), expirationSeconds: chance.one(LIVES), audience: chance.one(AUDIENCES) } };
  if (kind < 8) return { configMap: { name: wrong ? "absent" : "settings", optional, items: chance.perhaps(0.5) ? keys(["a", "token", "z"]) : undefined } };
  if (kind === 8) return { secret: { name: wrong ? "missing" : "keys", optional, items: chance.perhaps(0.5) ? keys(["a", "b"]) : undefined } };
  return { downwardAPI: { items: [{ path: chance.one(["namespace", "d/e"]), fieldRef: { fieldPath: "metadata.namespace" } }] } };
}

function mounts(chance, volumes) {
  const list = chance.some(volumes, 0.75).map(({ name }, at) => ({ name, mountPath: `/m/${at}`, subPath: chance.one(SUB_PATHS), readOnly: chance.one([undefined, true]) }));
  return list.length > 0 ? list : undefined;
}
