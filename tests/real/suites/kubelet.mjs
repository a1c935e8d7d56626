/** What a kubelet asks for, writes and gets stuck at, against pods that were inspected before they were made. */
import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { posix } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { ISSUER } from "../lib/cluster.mjs";
import { inspectPods } from "../lib/engine.mjs";
import { NODE, tokenRequestsOf } from "../lib/kubelet.mjs";
import { nodePods, SURROUNDINGS } from "../lib/kubelet-pods.mjs";
import { Matrix, sideBySide } from "../lib/matrix.mjs";
import { asCreated, casesOfPods, items } from "./pods.mjs";

/** How long the kubelet may take for all pods. */
const PATIENCE = 120;

const MIRROR = "kubernetes.io/config.mirror";

/** What lies in a namespace besides pods. */
const KINDS = [["ServiceAccount", "serviceaccounts"], ["ConfigMap", "configmaps"], ["Secret", "secrets"]];

/** Compares the pods of case files and pods drawn by chance. `lax`: a server without ServiceAccount admission, of the same cluster. */
export async function nodeFiles(test, { server, lax, kubelet }, { seed, count }) {
  const families = [...familiesOfCases(), { title: "drawn", objects: SURROUNDINGS, pods: nodePods(seed, count) }];
  const made = [];
  await sideBySide(families, async (family, index) => made.push(...(await make(family, `family-${index}`, { server, lax }))));
  await settled(server, made);
  const [requests, events] = [tokenRequestsOf(server), await eventsOf(server)];
  const matrix = new Matrix();
  for (const one of made) compare(matrix, one, kubelet, requests, events.get(one.uid) ?? []);
  const stuck = made.filter(({ report }) => report.stuck).length;
  test.diagnostic(`${made.length} pods on the node, ${stuck} of them stuck; ${requests.length} TokenRequests`);
  matrix.settle(test);
}

/** A family: what exists in one namespace, and its pods. */
function familiesOfCases() {
  return casesOfPods().filter(([file]) => file.startsWith("kubernetes")).flatMap(([file, manifests, objects, cluster]) => {
    const all = [...items(manifests), ...items(objects)];
    // A mirror pod stands for one that the kubelet has from a file.
    const pods = items(manifests).filter(({ kind, metadata, spec }) => kind === "Pod" && spec && metadata?.annotations?.[MIRROR] === undefined);
    const namespaces = new Set(pods.map(namespaceOf));
    return [...namespaces].map((namespace) => ({
      title: file, lax: cluster?.disableAdmissionPlugins?.includes("ServiceAccount"),
      objects: all.filter((object) => KINDS.some(([kind]) => kind === object.kind) && namespaceOf(object) === namespace),
      pods: pods.filter((pod) => namespaceOf(pod) === namespace).map(asCreated),
    }));
  });
}

const namespaceOf = ({ metadata }) => metadata?.namespace ?? "default";

/** Makes a family in a namespace of its own, and inspects each pod before. Pods that are refused are no matter of a kubelet. */
async function make({ title, objects, pods, lax: isLax }, namespace, { server, lax }) {
  await server.ensureNamespace(namespace);
  for (const [kind, plural] of KINDS) {
    for (const { metadata, kind: own, apiVersion, ...members } of objects.filter((object) => object.kind === kind)) {
      const { name, annotations } = metadata;
      await server.request("POST", `/api/v1/namespaces/${namespace}/${plural}`, { body: { metadata: { name, annotations }, ...members } });
    }
  }
  const known = { ...server.cluster, objects: await objectsOf(server, namespace), objectsComplete: true, webhooks: { eks: false, azure: false }, ...(isLax && lax.cluster) };
  const made = [];
  for (const pod of pods) {
    const given = { ...pod, metadata: { ...pod.metadata, namespace }, spec: { ...pod.spec, nodeName: NODE } };
    const [report] = inspectPods(JSON.stringify(given), known).pods;
    const answer = await (isLax ? lax : server).request("POST", `/api/v1/namespaces/${namespace}/pods`, { body: given });
    if (answer.status >= 300) continue;
    const { metadata: { uid }, spec } = answer.json;
    made.push({ title: `${title} ${JSON.stringify(pod)}`, uid, spec, report });
  }
  return made;
}

async function objectsOf(server, namespace) {
  const lists = await Promise.all(KINDS.map(async ([kind, plural]) => {
    const { items: found } = (await server.get(`/api/v1/namespaces/${namespace}/${plural}`)).good();
    return found.map((object) => ({ apiVersion: "v1", kind, ...object }));
  }));
  return JSON.stringify({ apiVersion: "v1", kind: "List", items: [{ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } }, ...lists.flat()] });
}

/** Waits until each pod is where it was predicted to be, or too long. */
async function settled(server, made) {
  for (const end = Date.now() + PATIENCE * 1000; Date.now() < end; await sleep(500)) {
    const events = await eventsOf(server);
    const there = ({ uid, report }) => {
      const found = events.get(uid) ?? [];
      return report.stuck ? failures(found).includes(told(report.stuck.message)) : runs(found);
    };
    if (made.every(there)) return;
  }
}

/** Events by the pod that they are about. */
async function eventsOf(server) {
  const { items: found } = (await server.get("/api/v1/events")).good();
  return grouped(found, ({ involvedObject }) => involvedObject.uid);
}

/** The items by what `by` says of them. */
function grouped(list, by) {
  const groups = new Map();
  for (const item of list) groups.set(by(item), [...(groups.get(by(item)) ?? []), item]);
  return groups;
}

/** An image is pulled once every volume is there. */
const runs = (events) => events.some(({ reason }) => ["Pulling", "Pulled", "Created", "Started"].includes(reason));

const failures = (events) => events.filter(({ reason }) => reason === "FailedMount").map(({ message }) => told(message));

/**
 * Without what is drawn by chance, as the engine tells it. Of two paths of which one is the other's folder, the kubelet
 * writes now the one first, now the other: it walks a map of Go. Which call finds a path too long is a matter of how long
 * the name of the kubelet's folder is.
 */
const told = (text) => text
  .replace(/\bkube-api-access-[a-z0-9]{5}\b/g, "kube-api-access-xxxxx")
  .replace(/\/\S+?\/root\/pods\/[0-9a-f-]{36}\//g, "/var/lib/kubelet/pods/UID/")
  .replace(/\.\.\d{4}(_\d\d){5}\.\d+/g, "..YYYY_MM_DD_HH_MM_SS.N")
  .replace(/mkdir (\S+)\/: file exists/g, "open $1: is a directory")
  .replace(/(mkdir|open) \S+: file name too long/g, "file name too long");

function compare(matrix, { title, uid, spec, report }, kubelet, requests, events) {
  const own = requests.filter((request) => request.uid === uid);
  const volumes = (spec.volumes ?? []).filter(({ projected }) => projected);
  const mounts = mountsOf(spec);
  const mounted = new Set(mounts.map(({ name }) => told(name)));
  const asked = report.tokens.filter(({ volume }) => mounted.has(told(volume)));
  const stuck = report.stuck && told(report.stuck.message);
  const real = runs(events) ? undefined : failures(events);
  matrix.add(`${title}: stuck`, stuck, real?.includes(stuck) ? stuck : real);
  matrix.add(`${title}: TokenRequests`, sorted(asked.map((token) => keyOf(wanted(token)))), sorted(own.map(keyOf)));
  if (stuck !== undefined || real !== undefined) return;

  const granted = grouped(own.filter(({ code }) => code === 201), keyOf);
  const excess = [...granted].filter(([key, list]) => list.length > new Set(asked.filter((token) => keyOf(wanted(token)) === key).map(({ volume }) => volume)).size);
  matrix.add(`${title}: at most one TokenRequest for each volume and key`, [], excess.map(([key]) => key));
  matrix.add(`${title}: files`, predictedFiles(report), sorted(mounts.flatMap((mount) => realFiles(kubelet, uid, mount, volumes))));
  for (const { name } of volumes) {
    const folder = kubelet.volume(uid, name);
    matrix.add(`${title}: volume ${name}`, mounted.has(told(name)) ? layout(spec.securityContext?.fsGroup) : undefined, existsSync(folder) ? seen(folder) : undefined);
    if (!existsSync(folder)) continue;
    // K25: equal keys, one token.
    const visible = asked.filter((token) => told(token.volume) === told(name) && existsSync(`${folder}/${token.path}`) && tokenAt(`${folder}/${token.path}`));
    matrix.add(`${title}: tokens shared in ${name}`, groups(visible, ({ cacheKey }) => cacheKey), groups(visible, ({ path }) => tokenAt(`${folder}/${path}`)));
  }
}

/** The TokenRequest for a source (K24). */
const wanted = ({ audience, expirationSeconds }) => ({ audiences: audience === null ? [] : [audience], expirationSeconds });

const keyOf = ({ audiences, expirationSeconds }) => JSON.stringify([audiences, expirationSeconds]);

const sorted = (list) => [...new Set(list)].sort();

/** Every mount of every container, and its place in the list. */
function mountsOf({ initContainers = [], containers }) {
  return [...initContainers, ...containers].flatMap(({ name: container, volumeMounts = [] }) => volumeMounts.map((mount, index) => ({ container, index, ...mount })));
}

function predictedFiles(report) {
  return sorted(report.tokens.flatMap(({ audience, mounts }) => mounts.map(({ container, file, mode, uid, gid }) => `${container} ${file} ${mode} ${uid}:${gid} ${audience ?? ISSUER}`)));
}

/** The tokens that a container sees through a mount. */
function realFiles(kubelet, uid, { container, index, name, mountPath, subPath = "" }, volumes) {
  if (!volumes.some((volume) => volume.name === name)) return [];
  const bound = kubelet.subPath(uid, name, container, index);
  const from = subPath !== "" && existsSync(bound) ? bound : posix.join(kubelet.volume(uid, name), subPath);
  return tokensBelow(from).map(([path, { mode, uid: owner, gid }, token]) => {
    const { aud } = JSON.parse(Buffer.from(token.split(".")[1], "base64url"));
    return `${container} ${posix.join(mountPath, path).replace(/(.)\/$/, "$1")} ${octal(mode)} ${owner}:${gid} ${aud}`;
  });
}

/** `[path, stat, token]` of every token, the writer's own folders left out. */
function tokensBelow(place, path = "") {
  if (!existsSync(place)) return [];
  const stat = statSync(place);
  if (stat.isDirectory()) return readdirSync(place).filter((name) => !name.startsWith("..")).flatMap((name) => tokensBelow(`${place}/${name}`, posix.join(path, name)));
  const token = tokenAt(place);
  return token ? [[path, stat, token]] : [];
}

/** The token that a file holds, to the byte; nothing if it holds something else. */
function tokenAt(place) {
  if (!statSync(place).isFile()) return undefined;
  const [token] = /^eyJ[\w-]+\.[\w-]+\.[\w-]+$/.exec(readFileSync(place, "utf8")) ?? [];
  return token;
}

const octal = (mode) => (mode & 0o7777).toString(8).padStart(4, "0");

/** Which paths belong together. */
const groups = (tokens, by) => sorted([...grouped(tokens, by).values()].map((group) => sorted(group.map(({ path }) => path)).join(" ")));

/** K39: one folder with a time for a name, a link to it, and links through that one. */
const layout = (group = 0) => ({ root: `${group === 0 ? "1777" : "3777"} 0:${group}`, data: `${group === 0 ? "0755" : "2755"} 0:${group}`, timed: true, linked: true });

function seen(folder) {
  const target = readlinkSync(`${folder}/..data`);
  const access = (path) => (({ mode, uid, gid }) => `${octal(mode)} ${uid}:${gid}`)(statSync(path));
  return {
    root: access(folder), data: access(`${folder}/${target}`), timed: /^\.\.\d{4}(_\d\d){5}\.\d+$/.test(target),
    // What else lies there was made for a subPath that was not there.
    linked: readdirSync(`${folder}/${target}`).every((name) => lstatSync(`${folder}/${name}`).isSymbolicLink() && readlinkSync(`${folder}/${name}`) === `..data/${name}`),
  };
}
