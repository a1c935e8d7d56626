/** Pods drawn by chance, sound and broken, of everything that has to do with their tokens. */
import { Chance } from "./matrix.mjs";
import { NAMESPACE } from "./world.mjs";

const MOUNT = "/var/run/secrets/kubernetes.io/serviceaccount";
const TOO_LONG = `https://${"a".repeat(300)}`;

const PATHS = ["token", "token", "token", "a/token", "", "/token", "../token", "a/../b", "..token", "..", "a/..", ".", "./token", "a//b", "token/", " token", "..data/x", "a/..b"];
const LIVES = [undefined, undefined, 3600, 3607, 600, 86_400, 2 ** 32, 599, 0, -1, 2 ** 32 + 1];
const AUDIENCES = [undefined, undefined, "vault", "https://sts.example", "", "a b", TOO_LONG];
const MODES = [undefined, undefined, undefined, 0, 0o400, 0o644, 0o777, 0o1000, -1, 1000];
const VOLUME_NAMES = ["tok", "data", "second", "kube-api-access-abcde", "kube-api-access-", "kube-api-accessory", "Tok", "a_b", "", "a".repeat(63), "a".repeat(64), "-a"];
const MOUNT_PATHS = ["/data", "/var/run/tok", MOUNT, `${MOUNT}/`, "/var/run/secrets/kubernetes.io", `${MOUNT}/token`, "/var/run/secrets/kubernetes.io/./serviceaccount", "data", "", "/a:b"];
const SUB_PATHS = [undefined, undefined, undefined, "token", "/abs", "../up", "a/../b", "..", "."];
const ACCOUNTS = [undefined, undefined, "default", "app", "app", "manual", "auto", "puller", "enforced", "listed-only", "nowhere", "Bad_Name"];

/** The accounts that the pods name. */
export const ACCOUNT_OBJECTS = [
  ["manual", { members: { automountServiceAccountToken: false } }],
  ["auto", { members: { automountServiceAccountToken: true } }],
  ["puller", { members: { imagePullSecrets: [{ name: "registry" }, { name: "mirror" }], secrets: [{ name: "listed" }] } }],
  ["enforced", { metadata: { annotations: { "kubernetes.io/enforce-mountable-secrets": "true" } }, members: { secrets: [{ name: "listed" }], imagePullSecrets: [{ name: "registry" }] } }],
  ["listed-only", { metadata: { annotations: { "kubernetes.io/enforce-mountable-secrets": "no" } }, members: { secrets: [{ name: "listed" }] } }],
];

/** As many pods as asked for; those of one seed are always the same. */
export function pods(seed, count) {
  const chance = new Chance(seed);
  return Array.from({ length: count }, (_, index) => draw(chance, index));
}

function draw(chance, index) {
  // Few faults a pod: else the first hides the others.
  const odd = chance.one([0, 0.03, 0.1, 0.3]);
  const pick = (list, usual) => (chance.perhaps(odd) ? chance.one(list) : chance.one(list.slice(0, usual)));
  const mirror = chance.perhaps(0.05);
  const volumes = Array.from({ length: chance.below(4) }, (_, at) => volume(chance, pick, at));
  const names = [...volumes.map(({ name }) => name).filter((name) => name !== undefined)];
  const container = (name) => ({
    name, image: "app",
    ports: chance.perhaps(0.15) ? ports(chance, pick) : undefined,
    env: chance.perhaps(0.2) ? [environment(chance)] : undefined,
    envFrom: chance.perhaps(0.1) ? [{ secretRef: { name: chance.one(["listed", "unlisted"]) } }] : undefined,
    volumeMounts: mounts(chance, pick, names),
  });
  return {
    apiVersion: "v1", kind: "Pod",
    metadata: {
      ...(chance.perhaps(0.1) ? { generateName: "web-" } : { name: `web-${index}` }), namespace: NAMESPACE,
      annotations: mirror ? { "kubernetes.io/config.mirror": "x" } : undefined,
    },
    spec: {
      serviceAccountName: pick(ACCOUNTS, 8),
      serviceAccount: chance.perhaps(0.1) ? chance.one(["app", "manual", "nowhere"]) : undefined,
      automountServiceAccountToken: chance.one([undefined, undefined, undefined, true, false]),
      imagePullSecrets: chance.perhaps(0.15) ? [{ name: chance.one(["own", "registry"]) }] : undefined,
      nodeName: mirror ? "node-1" : undefined,
      initContainers: chance.perhaps(0.3) ? [container("init")] : undefined,
      containers: ["app", "side"].slice(0, 1 + chance.below(2)).map(container),
      volumes: volumes.length > 0 ? volumes : undefined,
    },
  };
}

function volume(chance, pick, at) {
  const name = chance.perhaps(0.6) ? `v${at}` : pick(VOLUME_NAMES, 4);
  const kind = chance.below(10);
  if (kind < 6) return { name, projected: { defaultMode: pick(MODES, 7), sources: Array.from({ length: 1 + chance.below(3) }, () => source(chance, pick)) } };
  if (kind === 6) return { name, secret: { secretName: chance.one(["listed", "unlisted"]) } };
  if (kind === 7) return { name, configMap: { name: "settings" } };
  if (kind === 8) return { name, emptyDir: {} };
  return chance.perhaps(0.5) ? { name } : { name, emptyDir: {}, projected: { sources: [source(chance, pick)] } };
}

function source(chance, pick) {
  const token = () => ({ path: pick(PATHS, 4), expirationSeconds: pick(LIVES, 7), audience: pick(AUDIENCES, 5) });
  const kind = chance.below(12);
  if (kind < 7) return { serviceAccountToken: token() };
  if (kind === 7) return { configMap: { name: "settings", items: [{ key: "a", path: chance.one(["a", "token", "b/c"]) }] } };
  if (kind === 8) return { secret: { name: chance.one(["listed", "unlisted"]), items: [{ key: "a", path: chance.one(["a", "token"]) }] } };
  if (kind === 9) return { downwardAPI: { items: [{ path: chance.one(["namespace", "a"]), fieldRef: { fieldPath: "metadata.namespace" } }] } };
  if (kind === 10) return chance.perhaps(0.3) ? { serviceAccountToken: token(), configMap: { name: "settings" } } : { configMap: { name: "settings", optional: true } };
  return chance.perhaps(0.2) ? {} : { serviceAccountToken: token() };
}

function mounts(chance, pick, names) {
  const list = chance.some([...names, ...names.slice(0, 1)], 0.7).map((name) => mount(chance, pick, name));
  if (chance.perhaps(0.04)) list.push(mount(chance, pick, "nowhere"));
  return list.length > 0 ? list : undefined;
}

function mount(chance, pick, name) {
  const path = chance.perhaps(0.5) ? `/m/${chance.below(6)}` : pick(MOUNT_PATHS, 6);
  const subPath = pick(SUB_PATHS, 4);
  const expression = chance.perhaps(0.04) ? chance.one(["$(HOME)", "/abs", "../up", "a"]) : undefined;
  return { name, mountPath: path, readOnly: chance.one([undefined, true, false]), subPath, subPathExpr: expression };
}

const environment = (chance) => chance.one([
  { name: "A", value: "x" }, { name: "TOKEN", value: `${MOUNT}/token` },
  { name: "S", valueFrom: { secretKeyRef: { name: chance.one(["listed", "unlisted"]), key: "a" } } },
]);

const ports = (chance, pick) => [{ containerPort: pick([8080, 443, 1, 65_535, 0, 65_536, -1], 4), name: pick([undefined, "http", "HTTP", "a-very-long-port-name"], 2), protocol: pick([undefined, "UDP", "TCP", "udp"], 3) }];
