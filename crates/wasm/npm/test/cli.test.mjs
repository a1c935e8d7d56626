/** `npx podpass`: what it prints, and how it ends. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

const podpass = await import("../dist/index.js");
const { createTestCluster } = await import("../dist/testing.js");
const cli = fileURLToPath(new URL("../dist/cli.js", import.meta.url));

const PROVIDER = "oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE";
const ISSUER = `https://${PROVIDER}`;
const NOW = 1_780_000_000;

let folder;
let token;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), "podpass-cli-"));
  const cluster = await createTestCluster({ issuer: ISSUER, now: () => NOW });
  token = cluster.mint({ namespace: "shop", serviceAccount: "cart", pod: "cart-1", audiences: "sts.amazonaws.com" });
  put("token", `${token}\n`);
  put("jwks.json", JSON.stringify(cluster.jwks));
  await cluster.close();
  put("k8s/account.yaml", account());
  put("k8s/deployment.yaml", deployment({ expirationSeconds: 3600 }));
  put("k8s/notes.json", '{ "name": "none of ours" }');
  put("k8s/.hidden/broken.yaml", "kind: [");
  put("bad/deployment.yaml", deployment({ expirationSeconds: 60 }));
  put("bad/account.yaml", account());
  put("iam/cart.json", policy({ [`${PROVIDER}:aud`]: "sts.amazonaws.com", [`${PROVIDER}:sub`]: "system:serviceaccount:shop:cart" }));
  put("iam/other.json", policy({ [`${PROVIDER}:aud`]: "sts.amazonaws.com", [`${PROVIDER}:sub`]: "system:serviceaccount:shop:other" }));
  put("iam/wide.json", policy({ [`${PROVIDER}:aud`]: "sts.amazonaws.com" }));
  put("secret.yaml", `apiVersion: v1\nkind: Secret\nmetadata: { name: s, namespace: shop }\ntype: kubernetes.io/service-account-token\ndata:\n  token: ${Buffer.from(token).toString("base64")}\n`);
});
after(() => rmSync(folder, { recursive: true }));

function put(name, text) {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), text);
}

const account = () => "apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: cart\n  namespace: shop\n";
const deployment = ({ expirationSeconds }) => `apiVersion: apps/v1
kind: Deployment
metadata:
  name: cart
  namespace: shop
spec:
  template:
    spec:
      serviceAccountName: cart
      automountServiceAccountToken: false
      containers:
        - name: app
          image: app
          volumeMounts: [{ name: token, mountPath: /var/run/orders, readOnly: true }]
      volumes:
        - name: token
          projected:
            sources:
              - serviceAccountToken: { path: token, audience: orders, expirationSeconds: ${expirationSeconds} }
`;
const policy = (StringEquals) => JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: { Federated: `arn:aws:iam::111122223333:oidc-provider/${PROVIDER}` }, Action: "sts:AssumeRoleWithWebIdentity", Condition: { StringEquals } }],
}, null, 2);

/** Runs the command; no run may print the token. */
function podpassOf(words, { input = "", env = {} } = {}) {
  const { NO_COLOR, FORCE_COLOR, ...others } = process.env;
  const { status, stdout, stderr } = spawnSync(process.execPath, [cli, ...words], { cwd: folder, input, encoding: "utf8", env: { ...others, ...env } });
  const signature = token.split(".")[2];
  for (const printed of [stdout, stderr]) {
    assert.ok(!printed.includes(signature.slice(0, 40)), `${words.join(" ")} printed the signature`);
    assert.ok(!printed.includes(Buffer.from(token).toString("base64").slice(-60)), `${words.join(" ")} printed the token in base64`);
  }
  return { code: status, out: stdout, err: stderr };
}
const AT = ["--now", String(NOW)];

test("decode: from a file, from standard input, as JSON", () => {
  const { code, out } = podpassOf(["decode", "token", ...AT]);
  assert.equal(code, 0);
  assert.match(out, /^shop\/cart: a ServiceAccount token/);
  assert.match(out, /exp +1780003600 {2}2026-05-28T21:26:40Z, in 1 h/);
  assert.match(podpassOf(["decode", ...AT], { input: `Authorization: Bearer ${token}` }).out, /found inside: .*bearer/);
  const json = podpassOf(["decode", "-", "--format", "json"], { input: token });
  const { compact, ...rest } = JSON.parse(json.out);
  const { compact: whole, ...expected } = podpass.decodeToken(token);
  assert.deepEqual(rest, expected);
  assert.equal(compact, `${whole.slice(0, whole.lastIndexOf("."))}.[signature removed]`);
  assert.equal(podpassOf(["decode"], { input: "nothing of the kind" }).code, 1);
});

test("decode: a token as a word works, with a warning", () => {
  const { code, err } = podpassOf(["decode", token]);
  assert.equal(code, 0);
  assert.match(err, /history/);
});

test("decode: text that a terminal would obey is shown, not sent", () => {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const hostile = `${part({ alg: "RS256" })}.${part({ sub: "\u001b[31mred\u202e\u0007", iss: "\ue002x" })}.c2ln`;
  for (const words of [["decode"], ["decode", "--format", "json"]]) {
    const { out } = podpassOf(words, { input: hostile, env: { FORCE_COLOR: "1" } });
    assert.ok(!/\u001b\[31mred|\u202e|\u0007/.test(out), JSON.stringify(out));
  }
});

test("verify: accepted, refused, and every check is told", () => {
  const trusted = ["--keys", "jwks.json", "--issuer", ISSUER, "--audience", "sts.amazonaws.com", ...AT];
  const good = podpassOf(["verify", "token", ...trusted]);
  assert.equal(good.code, 0);
  assert.match(good.out, /accepted/);
  const late = podpassOf(["verify", "token", ...trusted.slice(0, -1), "2026-05-29T00:00:00Z"]);
  assert.equal(late.code, 1);
  assert.match(late.out, /FAIL .*expired/);
  assert.equal(podpassOf(["verify", "token", ...trusted, "--pod", "cart-1", "--namespace", "shop"]).code, 0);
  assert.equal(podpassOf(["verify", "token", ...trusted, "--pod", "cart-2"]).code, 1);
  const json = JSON.parse(podpassOf(["verify", "token", ...trusted, "--format", "json"]).out);
  assert.deepEqual([json.ok, json.checks.every((check) => check.status === "pass")], [true, true]);
});

test("verify: issuer and audience are mandatory, and left open only deliberately", () => {
  const given = ["verify", "token", "--keys", "jwks.json", ...AT];
  assert.match(podpassOf([...given, "--audience", "a"]).err, /--issuer is missing; --any-issuer/);
  assert.match(podpassOf([...given, "--issuer", "a"]).err, /--audience is missing/);
  assert.match(podpassOf(["verify", "token"]).err, /--keys FILE is missing/);
  assert.equal(podpassOf([...given, "--any-issuer", "--any-audience"]).code, 0);
  assert.equal(podpassOf([...given, "--any-issuer", "--issuer", "x", "--any-audience"]).code, 2);
});

test("check: a clean folder, and one that is not", () => {
  const clean = podpassOf(["check", "k8s", "iam/cart.json"]);
  assert.deepEqual([clean.code, clean.out], [0, "3 files: nothing to object to\n"]);
  const { code, out } = podpassOf(["check", "bad"]);
  assert.equal(code, 1);
  assert.match(out, /^bad\/deployment\.yaml:1:1: error pod-refused: Deployment shop\/cart is refused\n {4}Invalid: Pod/);
  assert.match(out, /^bad\/deployment\.yaml:19:\d+: error token-expiration-out-of-range/m);
  assert.match(out, /2 files: 2 error\n$/);
});

test("check: a trust document that lets in too much, and what counts", () => {
  const { code, out } = podpassOf(["check", "iam/wide.json"]);
  assert.equal(code, 1);
  assert.match(out, /^iam\/wide\.json:\d+:\d+: security subject-missing/);
  assert.equal(podpassOf(["check", "iam/wide.json", "--fail-on", "error"]).code, 0);
});

test("check: with a token each trust document is asked", () => {
  const asked = (file) => podpassOf(["check", file, "--token", "token", "--keys", "jwks.json", "--fail-on", "error", ...AT]);
  assert.equal(asked("iam/cart.json").code, 0);
  const { code, out } = asked("iam/other.json");
  assert.equal(code, 1);
  assert.match(out, /error token-refused: .* does not let the token in \(trust-policy\)/);
  assert.match(out, /AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity/);
  // Without keys it cannot be known, and that is not a pass.
  const open = podpassOf(["check", "iam/cart.json", "--token", "token", ...AT]);
  assert.equal(open.code, 1);
  assert.match(open.out, /warning token-not-judged/);
});

test("check: from standard input", () => {
  const { code, out } = podpassOf(["check", "-"], { input: deployment({ expirationSeconds: 60 }) });
  assert.equal(code, 1);
  assert.match(out, /^stdin:1:1: error pod-refused/);
});

test("check: more than can be judged together is refused, not cut", () => {
  for (const name of ["a", "b", "c"]) put(`large/${name}.yaml`, `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name} }\ndata: { x: ${"x".repeat(400_000)} }\n`);
  const { code, err } = podpassOf(["check", "large"]);
  assert.equal(code, 2);
  assert.match(err, /3 files of manifests are together larger than 1 MiB/);
});

test("check: JSON", () => {
  const { schema, files, results } = JSON.parse(podpassOf(["check", "bad", "--format", "json"]).out);
  assert.deepEqual([schema, files], [1, ["bad/account.yaml", "bad/deployment.yaml"]]);
  assert.deepEqual(results.map(({ code, severity, file, line }) => [code, severity, file, line]), [
    ["pod-refused", "error", "bad/deployment.yaml", 1],
    ["token-expiration-out-of-range", "error", "bad/deployment.yaml", 19],
  ]);
  assert.ok(results.every(({ start, end }) => end >= start && start >= 0));
});

test("check: Markdown for a pull request", () => {
  const { code, out } = podpassOf(["check", "bad", "--format", "markdown"]);
  assert.equal(code, 1);
  assert.match(out, /^## podpass\n\n\| severity \| code \| place \| what \|\n/);
  assert.match(out, /\| error \| `token-expiration-out-of-range` \| bad\/deployment\.yaml:19 \|/);
});

test("check: SARIF points at the very characters, and says how to mend them", () => {
  const { code, out } = podpassOf(["check", "bad", "--format", "sarif"]);
  assert.equal(code, 1);
  const { version, runs: [run] } = JSON.parse(out);
  assert.equal(version, "2.1.0");
  assert.deepEqual([run.tool.driver.name, run.tool.driver.version], ["podpass", podpass.version()]);
  for (const result of run.results) assert.equal(run.tool.driver.rules[result.ruleIndex].id, result.ruleId);
  const result = run.results.find(({ ruleId }) => ruleId === "token-expiration-out-of-range");
  const { artifactLocation, region } = result.locations[0].physicalLocation;
  const text = deployment({ expirationSeconds: 60 });
  assert.deepEqual([artifactLocation.uri, region.startLine], ["bad/deployment.yaml", 19]);
  assert.equal(text.slice(region.charOffset, region.charOffset + region.charLength), "60");
  const [replacement] = result.fixes[0].artifactChanges[0].replacements;
  assert.equal(replacement.deletedRegion.charOffset, region.charOffset);
  assert.equal(replacement.insertedContent.text, "600");
  assert.equal(JSON.parse(podpassOf(["check", "k8s", "--format", "sarif"]).out).runs[0].results.length, 0);
});

test("explain: files are recognised, and the report is the engine's", () => {
  const files = ["token", "jwks.json", "k8s/account.yaml", "k8s/deployment.yaml", "iam/cart.json"];
  const { code, out } = podpassOf(["explain", ...files, ...AT]);
  assert.equal(code, 0, out);
  assert.match(out, /IAM role in iam\/cart\.json: lets it in/);
  assert.match(out, /token for orders, 3600 s: app:\/var\/run\/orders\/token/);
  const report = JSON.parse(podpassOf(["explain", ...files, ...AT, "--format", "json"]).out);
  assert.deepEqual([report.schema, report.federation[0].verdict, report.pods.length], [1, "allow", 1]);
  assert.match(podpassOf(["explain", ...files, ...AT, "--format", "markdown"]).out, /^# podpass report/);
  assert.equal(podpassOf(["explain", "token", "jwks.json", "iam/other.json", ...AT]).code, 1);
});

test("explain: a token inside a Secret is not printed either", () => {
  const { out } = podpassOf(["explain", "--manifests", "secret.yaml", "--token", "secret.yaml", "--format", "json", ...AT]);
  assert.equal(JSON.parse(out).token.serviceAccount.name, "cart");
});

test("timeline: drawn, and as JSON", () => {
  const { code, out } = podpassOf(["timeline", "--expiration-seconds", "3600", "--reader", "cached-at-start", "--width", "80", ...AT]);
  assert.equal(code, 1);
  assert.match(out, /^Token 1 +━+╍+╳+$/m);
  assert.match(out, /▲ first failure/);
  assert.match(out, /First failing call: 2026-05-28T21:27:40Z, in 1 h 1 min/);
  for (const line of out.split("\n").slice(0, 12)) assert.ok([...line].length <= 81, line);
  assert.equal(podpassOf(["timeline", ...AT]).code, 0);
  const ascii = podpassOf(["timeline", "--ascii", "--pod-deleted-at", "+1000", ...AT]).out;
  assert.ok(/^[\n\x20-\x7e]*$/.test(ascii.split("\n").slice(0, 12).join("\n")), ascii);
  const { lanes } = JSON.parse(podpassOf(["timeline", "token", "--format", "json", ...AT]).out);
  assert.ok(lanes.some((lane) => lane.kind === "token"));
});

test("colours: never by default in a pipe, never against NO_COLOR", () => {
  const coloured = (env) => podpassOf(["check", "bad"], { env }).out.includes("\u001b[");
  assert.equal(coloured({}), false);
  assert.equal(coloured({ FORCE_COLOR: "1" }), true);
  assert.equal(coloured({ FORCE_COLOR: "1", NO_COLOR: "1" }), false);
});

test("bad usage and unreadable input end with 2, and say what is wrong", () => {
  const table = [
    [[], /Usage: podpass COMMAND/],
    [["chekc"], /no command chekc; did you mean check\?/],
    [["check", "k8s", "--fromat", "json"], /unknown option --fromat; did you mean --format\?/],
    [["check", "k8s", "--format", "xml"], /--format is one of text, json, markdown, sarif, not "xml"/],
    [["check", "k8s", "--fail-on", "never"], /--fail-on is one of/],
    [["check"], /name files or folders/],
    [["check", "nowhere.yaml"], /nowhere\.yaml: no such file/],
    [["check", "k8s/notes.json"], /k8s\/notes\.json: not recognised/],
    [["check", "k8s/.hidden/broken.yaml"], /broken\.yaml: not readable/],
    [["check", "jwks.json"], /jwks\.json: not recognised/],
    [["decode", "--now", "yesterday"], /--now is an instant/],
    [["decode", "a", "b"], /one token at a time/],
    [["timeline", "token", "--audience", "x"], /says what the token itself says/],
    [["timeline", "--rotations", "many"], /--rotations is a number/],
    [["explain", "--cluster", "jwks.json", "token"], /unknown field/],
  ];
  for (const [words, told] of table) {
    const { code, out, err } = podpassOf(words);
    assert.equal(code, 2, words.join(" "));
    assert.match(err, told);
    assert.equal(out, "");
  }
});

test("help is there for everything, and goes to standard output", () => {
  for (const words of [["--help"], ["help"], ["check", "--help"], ["help", "timeline"], ["verify", "-h"]]) {
    const { code, out, err } = podpassOf(words);
    assert.deepEqual([code, err], [0, ""]);
    assert.match(out, /^Usage: podpass /);
  }
  assert.equal(podpassOf(["--version"]).out, `${podpass.version()}\n`);
});
