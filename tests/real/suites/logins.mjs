/** Logins at Vault: what the engine predicts of a role, a configuration and a token beside what Vault's auth methods answer. */
import { spawn } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { createInterface } from "node:readline";

import { evaluateFederation } from "../lib/engine.mjs";
import { mint, newKey } from "../lib/keys.mjs";
import { Chance } from "../lib/matrix.mjs";

const CASES = new URL("../../cases/", import.meta.url);
const NOW = 1_767_225_600;

/** Vault's two auth methods in one process: a line is asked, a line is answered. */
export class Vault {
  constructor(program = process.env.PODPASS_VAULT) {
    this.child = spawn(program, ["-test.run", "^TestLogins$"], { stdio: ["pipe", "pipe", "inherit"] });
    this.waiting = [];
    createInterface({ input: this.child.stdout }).on("line", (line) => {
      // The last line is the test runner's.
      if (line.startsWith("{")) this.waiting.shift()?.resolve(JSON.parse(line));
    });
    this.child.on("exit", (code) => {
      for (const { reject } of this.waiting.splice(0)) reject(new Error(`Vault's auth methods ended (${code})`));
    });
  }

  ask(question) {
    return new Promise((resolve, reject) => {
      this.waiting.push({ resolve, reject });
      this.child.stdin.write(`${JSON.stringify(question)}\n`);
    });
  }

  stop() {
    this.child.stdin.end();
  }
}

/** Every call of the case files of both methods that brings or lacks a token. */
export function calls() {
  return ["vault-jwt", "vault-kubernetes"].flatMap((folder) =>
    readdirSync(new URL(`${folder}/`, CASES)).sort().flatMap((name) => {
      const { id, calls } = JSON.parse(readFileSync(new URL(`${folder}/${name}`, CASES), "utf8"));
      return calls.map((call, index) => ({ name: `${id} ${index}`, options: call.arguments[0] }));
    }));
}

const data = (text) => {
  const read = JSON.parse(text);
  return read.data ?? read;
};

/** The question that Vault is asked; `undefined`: its answer would rest on more than the call says. */
export function question({ token, keys, trust: [document], cluster = {}, now }) {
  const { system, text, facts = {} } = document;
  const config = facts.config === undefined ? undefined : data(facts.config);
  const method = system === "vault-jwt" ? "jwt" : "kubernetes";
  const asked = { method, roleName: facts.roleName ?? "app", role: data(text), config, token, now, remoteAddress: facts.remoteAddress ?? "127.0.0.1" };
  if (method === "jwt") return forJwt(asked, keys);
  if (config) {
    const { token_reviewer_jwt_set: reviewer, ...rest } = config;
    asked.config = { ...rest, ...(reviewer && { token_reviewer_jwt: "reviewer" }) };
    // Questions go to a scheme that the test program answers itself.
    if (rest.kubernetes_host) asked.config.kubernetes_host = "podpass://api";
    if (reviewer === undefined && rest.kubernetes_host) asked.config.disable_local_ca_jwt = true;
    if (reviewer === false) return undefined;
  }
  asked.namespaces = Object.fromEntries(items(cluster).filter(({ kind }) => kind === "Namespace").map(({ metadata }) => [metadata.name, { ...metadata.labels, "kubernetes.io/metadata.name": metadata.name }]));
  asked.review = { status: review({ token, keys, cluster, now }, facts, asked.role) };
  return asked;
}

/** Published keys are served by the test program, without TLS. */
function forJwt(asked, keys) {
  const published = keys?.trimStart().startsWith("{") ? JSON.parse(keys) : undefined;
  if (!asked.config) return undefined;
  const { jwks_ca_pem: _, oidc_discovery_ca_pem: __, ...config } = asked.config;
  return { ...asked, config, keys: published };
}

const items = (cluster) => (cluster.objects ? JSON.parse(cluster.objects).items ?? [] : []);

/** What the API server answers the reviewer: as given, else as the engine says, which is compared with a real one elsewhere. */
function review({ token, keys, cluster, now }, facts, role) {
  const claims = payload(token);
  const bound = claims?.["kubernetes.io"];
  const name = bound?.serviceaccount?.name, namespace = bound?.namespace, uid = bound?.serviceaccount?.uid;
  if (facts.tokenReview) {
    return { ...facts.tokenReview, user: { username: `system:serviceaccount:${namespace}:${name}`, uid } };
  }
  if (!token || !cluster.issuers) return { authenticated: true, audiences: [role.audience ?? claims?.aud].flat(), user: { username: `system:serviceaccount:${namespace}:${name}`, uid } };
  const audiences = role.audience ? [role.audience] : [claims?.aud ?? []].flat();
  const [outcome] = evaluateFederation({ token, keys, trust: [{ system: "kubernetes", text: "", facts: { audiences } }], cluster, now });
  return outcome.tokenReview ?? { authenticated: false, error: "invalid bearer token" };
}

function payload(token) {
  try {
    return JSON.parse(Buffer.from(token.split(".")[1], "base64url").toString());
  } catch {
    return undefined;
  }
}

/** Of a prediction what Vault says too. */
export function predicted(options) {
  const [outcome] = evaluateFederation(options);
  if (outcome.rejected) return { stored: false, text: outcome.rejected.message };
  if (!options.token) return { stored: true };
  const { verdict, error, grant, stage } = outcome;
  return verdict === "allow" ? { stored: true, verdict, alias: grant.principal } : { stored: true, verdict, text: error?.message, status: error?.httpStatus, stage: known(stage, error?.message) };
}

/** Vault's answer in the same words. */
export function told(answer, options) {
  if (!answer.stored) return { stored: false, text: answer.text };
  if (!options.token) return { stored: true };
  return answer.verdict === "allow" ? { stored: true, verdict: "allow", alias: answer.alias } : { stored: true, verdict: "deny", text: answer.text, status: answer.status, stage: known(undefined, answer.text) };
}

/** Where a text belongs; Vault tells no stages, and the same text may stand for several. */
const STAGES = [
  [/verifying token signature/, "signature"], [/\(alg\)/, "algorithm"], [/\(iss\)/, "issuer"], [/\(sub\)/, "subject"], [/\(aud\)|no audiences bound|Audience$/, "audience"],
  [/\((exp|nbf|iat)\)|NumericDate$/, "time"], [/error validating claims/, "bound-claims"], [/namespace not authorized/, "namespace"], [/name not authorized/, "service-account"],
];

function known(stage, text = "") {
  const found = STAGES.find(([pattern]) => pattern.test(text))?.[1];
  const early = ["format", "keys", "signature"];
  return stage && found && stage !== found && !(early.includes(stage) && early.includes(found)) ? stage : found;
}

/** Roles and tokens that look drawn by chance: each value now and then another, missing or of another type. */
export function* drawn(seed, count) {
  const chance = new Chance(seed);
  const key = newKey("rsa"), other = newKey("rsa");
  const odd = () => chance.one([null, 0, 3, 1.5, true, "", "x", [], ["x"], ["x", 3], { a: "b" }, "*", "system:*", NOW - 61, NOW + 61]);
  const maybe = (value, probability = 0.12) => (chance.perhaps(probability) ? odd() : value);
  for (let index = 0; index < count; index += 1) {
    const claims = {
      iss: maybe("https://i"), sub: maybe("system:serviceaccount:shop:cart"), aud: maybe(chance.one([["vault"], "vault", ["a", "vault"]])),
      iat: maybe(NOW - 60), nbf: maybe(NOW - 60), exp: maybe(chance.one([NOW + 600, NOW - 60, NOW - 61])), n: 3, list: ["a", "b"],
      "kubernetes.io": maybe({ namespace: maybe("shop", 0.05), serviceaccount: maybe({ name: maybe("cart", 0.05), uid: maybe("u", 0.05) }, 0.05) }, 0.05),
    };
    for (const name of Object.keys(claims)) if (chance.perhaps(0.04)) delete claims[name];
    const token = mint(chance.perhaps(0.05) ? other : key, claims);
    const jwt = chance.perhaps(0.6);
    const role = jwt ? jwtRole(chance, maybe) : kubernetesRole(chance, maybe);
    const config = jwt
      ? { jwt_validation_pubkeys: [key.publicPem], bound_issuer: chance.one(["", "https://i", "https://i/"]), jwt_supported_algs: chance.one([[], ["RS256"], ["ES256"]]) }
      : { kubernetes_host: "https://api", disable_local_ca_jwt: true, token_reviewer_jwt_set: true, pem_keys: chance.one([[], [key.publicPem]]), issuer: "https://i", disable_iss_validation: chance.one([true, false]) };
    const facts = { roleName: "app", config: JSON.stringify(config), ...(!jwt && { tokenReview: { authenticated: chance.perhaps(0.9), audiences: ["vault"] } }) };
    const trust = [{ system: jwt ? "vault-jwt" : "vault-kubernetes", text: JSON.stringify(role), facts }];
    yield { name: `drawn ${index} ${JSON.stringify({ role, claims })}`, options: { token, keys: key.publicPem, trust, now: NOW } };
  }
}

function jwtRole(chance, maybe) {
  const names = ["sub", "/kubernetes.io/namespace", "/aud/0", "n", "list", "/list/1", "kubernetes.io.namespace", "kubernetes.io"];
  const values = ["system:serviceaccount:shop:cart", "system:serviceaccount:*", "shop", "vault", 3, "3", ["a", "x"], "b", true, []];
  // One bound claim: among several Vault looks in no order.
  const bound = chance.perhaps(0.6) ? { [chance.one(names)]: chance.one(values) } : null;
  return {
    role_type: maybe("jwt", 0.04), user_claim: maybe(chance.one(["sub", "sub", "/kubernetes.io/namespace", "n", "nope"]), 0.04), user_claim_json_pointer: chance.perhaps(0.5),
    bound_audiences: maybe(chance.one([["vault"], "a,vault", []]), 0.05), bound_subject: chance.one(["", "", "system:serviceaccount:shop:cart"]),
    bound_claims: bound, bound_claims_type: chance.one(["string", "glob"]), groups_claim: chance.one(["", "", "list", "n", "nope"]),
    clock_skew_leeway: chance.one([0, 0, -1, 10]), expiration_leeway: chance.one([0, 500, "-1s"]), not_before_leeway: chance.one([0, -1]), token_ttl: maybe("1h", 0.05),
  };
}

function kubernetesRole(chance, maybe) {
  return {
    bound_service_account_names: maybe(chance.one([["cart"], "web,cart", "*", ["c*"], ["x"]]), 0.08), bound_service_account_namespaces: maybe(chance.one([["shop"], "*", "s*p", ["x"]]), 0.08),
    audience: chance.one(["", "vault", "vault,web"]), alias_name_source: chance.one(["serviceaccount_uid", "serviceaccount_name", ""]),
  };
}
