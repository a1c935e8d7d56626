/** What others say of the tarball: publint, are-the-types-wrong, and the schema of SARIF of what `podpass check` writes. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import Ajv from "ajv-draft-04";
import formats from "ajv-formats";
import { publint } from "publint";
import { formatMessage } from "publint/utils";

import { install, modules, tarball } from "./installed.mjs";

const folder = install();
const manifest = JSON.parse(readFileSync(join(folder, "node_modules/podpass/package.json"), "utf8"));

test("publint has nothing to say", async () => {
  const { messages, pkg } = await publint({ pkgDir: join(folder, "node_modules/podpass"), pack: false, strict: true });
  assert.equal(pkg.name, "podpass");
  assert.deepEqual(messages.map((message) => formatMessage(message, pkg)), []);
});

test("the types are not wrong", () => {
  const attw = join(modules, "@arethetypeswrong/cli/dist/index.js");
  const { stdout } = spawnSync(process.execPath, [attw, tarball, "--no-color", "--format", "json"], { encoding: "utf8", maxBuffer: 1 << 26 });
  const { analysis } = JSON.parse(stdout);
  assert.deepEqual(Object.keys(analysis.entrypoints).sort(), Object.keys(manifest.exports).sort());
  // Resolution of before `exports` existed cannot know subpaths.
  const problems = analysis.problems.filter(({ resolutionKind }) => resolutionKind !== "node10");
  // By design an ES module: a file that a bundler takes.
  assert.deepEqual(problems, [{ kind: "CJSResolvesToESM", entrypoint: "./core.wasm", resolutionKind: "node16-cjs" }]);
});

test("nothing is installed beside podpass", () => {
  assert.deepEqual([manifest.dependencies, manifest.peerDependencies, manifest.optionalDependencies], [undefined, undefined, undefined]);
  assert.deepEqual(readdirSync(join(folder, "node_modules")).filter((name) => !name.startsWith(".")), ["podpass"]);
});

test("every subpath of the exports is there, by import and by require", () => {
  const paths = Object.keys(manifest.exports).filter((path) => !/\.(wasm|json)$/.test(path));
  assert.ok(paths.includes("./errors") && paths.includes("./testing"));
  const names = paths.map((path) => `podpass${path.slice(1)}`);
  writeFileSync(join(folder, "all.mjs"), `for (const name of ${JSON.stringify(names)}) if (Object.keys(await import(name)).length === 0) throw new Error(name);\n`);
  writeFileSync(join(folder, "all.cjs"), `for (const name of ${JSON.stringify(names)}) if (Object.keys(require(name)).length === 0) throw new Error(name);\n`);
  for (const file of ["all.mjs", "all.cjs"]) execFileSync(process.execPath, [file], { cwd: folder, stdio: ["ignore", "ignore", "inherit"] });
});

test("SARIF holds to its schema", () => {
  const schemas = join(modules, "@microsoft/jest-sarif/lib/schemas");
  const schema = JSON.parse(readFileSync(join(schemas, readdirSync(schemas).find((name) => name.startsWith("sarif-2.1.0"))), "utf8"));
  const ajv = new Ajv({ strict: false, allErrors: true, unicodeRegExp: false });
  formats(ajv);
  const valid = ajv.compile(schema);
  const provider = "oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE";
  const statement = { Effect: "Allow", Principal: { Federated: `arn:aws:iam::111122223333:oidc-provider/${provider}` }, Action: "sts:AssumeRoleWithWebIdentity" };
  writeFileSync(join(folder, "trust policy.json"), JSON.stringify({ Version: "2012-10-17", Statement: [statement] }, null, 2));
  writeFileSync(join(folder, "pod.yaml"), `apiVersion: v1
kind: Pod
metadata: { name: cart, namespace: shop }
spec:
  containers: [{ name: app, image: app, volumeMounts: [{ name: token, mountPath: /t }] }]
  volumes: [{ name: token, projected: { sources: [{ serviceAccountToken: { path: token, audience: a, expirationSeconds: 60 } }] } }]
`);
  const cli = join(folder, "node_modules/.bin/podpass");
  for (const [files, results] of [[["trust policy.json", "pod.yaml"], 3], [["pod.yaml"], 2]]) {
    const { stdout } = spawnSync(cli, ["check", ...files, "--format", "sarif"], { cwd: folder, encoding: "utf8" });
    const log = JSON.parse(stdout);
    assert.ok(valid(log), JSON.stringify(valid.errors, null, 2));
    assert.ok(log.runs[0].results.length >= results);
  }
  assert.ok(!valid({ version: "2.1.0" }), "the schema refuses what is none");
});
