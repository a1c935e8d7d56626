/** `cargo xtask cluster --rotation` runs this: eleven minutes of ten pods, each request and each change of a file beside what was predicted. */
import { readFileSync, readlinkSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

import { Ground } from "./lib/cluster.mjs";
import { kubeletRefresh, rotationTimeline } from "./lib/engine.mjs";
import { auditedServer, Kubelet, NODE, tokenRequestsOf } from "./lib/kubelet.mjs";

const TTL = 600;
const [RUN, ACCOUNT_GOES, POD_DELETED] = [660, 200, 300];
const GRACE = 3600;
/** A request and a write take their time on top of what the clock decides; the real instants are not rounded. */
const LATENCY = 3;
const NAMESPACE = "rotation";
const AUDIENCE = "vault";

const PODS = Array.from({ length: 10 }, (_, index) => ({ name: `pod-${index}`, after: index * 4, account: "app" }));
Object.assign(PODS[0], { account: "leaving", fate: "its ServiceAccount goes" });
Object.assign(PODS[1], { fate: "deleted, long grace period" });
Object.assign(PODS[2], { subPath: "token", fate: "mounted by subPath too" });

process.stdin.resume().on("end", () => process.exit(0));
const ground = await Ground.lay();
const server = await auditedServer(ground, { name: "rotation" });
await server.ensureNamespace(NAMESPACE);
for (const name of ["app", "leaving"]) await server.create(`/api/v1/namespaces/${NAMESPACE}/serviceaccounts`, { metadata: { name } });
const kubelet = await Kubelet.start(ground, server);

const start = Date.now() / 1000;
const now = () => Date.now() / 1000;
const pathOf = (kind, name) => `/api/v1/namespaces/${NAMESPACE}/${kind}/${name}`;

/** What happens at which second of the run. */
const deeds = [
  ...PODS.map((pod) => [pod.after, () => create(pod)]),
  [ACCOUNT_GOES, () => server.delete(pathOf("serviceaccounts", "leaving"))],
  [POD_DELETED, async () => {
    PODS[1].deletedAt = now();
    await server.delete(pathOf("pods", PODS[1].name), { gracePeriodSeconds: GRACE });
  }],
];

async function create(pod) {
  const volumeMounts = [{ name: "tok", mountPath: "/tok" }, ...(pod.subPath ? [{ name: "tok", mountPath: "/one", subPath: pod.subPath }] : [])];
  const { metadata } = await server.create(`/api/v1/namespaces/${NAMESPACE}/pods`, {
    metadata: { name: pod.name },
    spec: {
      nodeName: NODE, serviceAccountName: pod.account, automountServiceAccountToken: false, containers: [{ name: "app", image: "app", volumeMounts }],
      volumes: [{ name: "tok", projected: { sources: [{ serviceAccountToken: { path: "token", audience: AUDIENCE, expirationSeconds: TTL } }] } }],
    },
  });
  Object.assign(pod, { uid: metadata.uid, versions: [] });
}

/** Notes when the link to a pod's files points elsewhere. */
function watch(pod) {
  let target;
  try {
    target = readlinkSync(`${kubelet.volume(pod.uid, "tok")}/..data`);
  } catch {
    return; // not there yet
  }
  if (pod.versions.at(-1)?.target !== target) pod.versions.push({ target, at: now() });
}

for (let told = 0; now() < start + RUN; await sleep(200)) {
  while (deeds.some(([at]) => start + at <= now())) {
    const index = deeds.findIndex(([at]) => start + at <= now());
    const [[, deed]] = deeds.splice(index, 1);
    await deed();
  }
  PODS.filter(({ uid }) => uid).forEach(watch);
  if (now() > start + told + 60) {
    told += 60;
    console.log(`   ${told} of ${RUN} s: ${tokenRequestsOf(server).length} TokenRequests`);
  }
  if (kubelet.program.code !== undefined) throw new Error(`the kubelet ended: ${readFileSync(kubelet.program.log, "utf8").slice(-2000)}`);
}

const requests = tokenRequestsOf(server);
const { items: events } = (await server.get(`/api/v1/namespaces/${NAMESPACE}/events`)).good();
const rows = PODS.map(judge);

/** What was seen of a pod, beside what was predicted from the moment of its first token. */
function judge(pod) {
  const own = requests.filter(({ uid }) => uid === pod.uid);
  const [{ at: first, expires, granted }, ...again] = own;
  const issued = expires - granted;
  const refresh = kubeletRefresh({ expirationTimestamp: expires, expirationSeconds: granted });
  const scenario = {
    rotations: 1,
    ...(pod.deletedAt && { podDeletedAt: pod.deletedAt, gracePeriodSeconds: GRACE }),
    ...(pod.account === "leaving" && { tokenRequestsFail: { earliest: start + ACCOUNT_GOES, latest: start + RUN + TTL } }),
  };
  const { lanes } = rotationTimeline({ expirationSeconds: TTL, audience: AUDIENCE, issuedAt: issued, scenario, now: issued });
  const foretold = lanes.flatMap(({ events: list }) => list).filter(({ kind }) => ["file-change", "request-failed"].includes(kind));
  const seconds = (times) => times.map((at) => (at - issued).toFixed(1));
  const changes = pod.versions.slice(1).map(({ at }) => at);
  const within = (at, { earliest, latest }) => at > earliest && at <= latest + LATENCY;
  // A change that is foretold for after the run is none that can be seen.
  const change = foretold.find(({ kind, at }) => kind === "file-change" && at < start + RUN)?.window;
  const failing = foretold.find(({ kind }) => kind === "request-failed")?.window;
  const codes = again.map(({ code }) => code);
  const window = { earliest: refresh.due.earliest, latest: refresh.fileChanges.latest };
  const good = change
    ? again.length === 1 && codes[0] === 201 && within(again[0].at, window) && changes.length === 1 && within(changes[0], change) && within(changes[0], refresh.fileChanges)
    : failing
      ? changes.length === 0 && again.length > 0 && codes.every((code) => code === 404) && within(again[0].at, window) && again.every(({ at }) => within(at, failing))
      : changes.length === 0 && again.length === 0;
  return {
    pod: pod.name, what: pod.fate ?? "", started: (first - start).toFixed(1), granted, foretold: change || failing ? `${seconds([window.earliest])} to ${seconds([window.latest])}` : "nothing",
    asked: again.map(({ code }, index) => `${seconds(again.map(({ at }) => at))[index]}${code === 201 ? "" : ` (${code})`}`).join(" "), changed: seconds(changes).join(" "), inside: good,
  };
}

console.log("\nseconds after the first token was issued; `started`: of the run");
console.table(rows);
for (const message of new Set(events.filter(({ reason }) => reason === "FailedMount").map(({ message: text }) => text))) console.log(`event: ${message}`);
const one = (path) => readFileSync(path, "utf8");
const { uid } = PODS[2];
const kept = one(kubelet.subPath(uid, "tok", "app", 1)) !== one(`${kubelet.volume(uid, "tok")}/token`);
console.log(`a file that is mounted by subPath ${kept ? "keeps its first token (K45)" : "follows"}`);
await kubelet.stop();
await server.stop();
await ground.clear();
process.exit(kept && rows.every(({ inside }) => inside) ? 0 : 1);
