/** Node in its three ways, Bun, Deno and workerd: each answers every call as Node does. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { test } from "node:test";

import { build } from "esbuild";

import { install, modules, output, printed, program, same } from "./installed.mjs";

const folder = install();

/** The program of an npm package that carries one for this platform in a package of its own. */
function carried(scope, file) {
  const found = readdirSync(join(modules, scope)).map((name) => join(modules, scope, name, file)).find(existsSync);
  if (!found) throw new Error(`${scope} has no ${file} for ${process.platform}-${process.arch}`);
  return found;
}

const PACKAGE = ["podpass", "podpass/errors", "podpass/jwks"];
const MODULES = ["index", "errors", "jwks"].map((name) => `./node_modules/podpass/dist/${name}.js`);
const required = (paths) => `
const { readFileSync } = require("node:fs");
const [podpass, errors, jwks] = ${JSON.stringify(paths)}.map((path) => require(path));
import("./conformance.mjs").then(async ({ conformance }) => console.log(await conformance(podpass, errors, jwks, JSON.parse(readFileSync("vectors.json", "utf8")))));
`;

/** This Node, and younger ones where npm has them for this platform. */
const NODES = [
  [`Node ${process.versions.node}`, process.execPath],
  ...["22", "24"].map((major) => [`Node ${major}`, join(modules, `node-${major}/bin/node`)]),
];

for (const [name, node] of NODES) {
  const absent = !existsSync(node) && "not for this platform";
  test(`${name}: import, require, require of the ES modules`, { skip: absent }, () => {
    writeFileSync(join(folder, "node.mjs"), program(printed));
    same(output(node, ["node.mjs"], folder), folder);
    writeFileSync(join(folder, "node.cjs"), required(PACKAGE));
    same(output(node, ["node.cjs"], folder), folder);
    writeFileSync(join(folder, "esm.cjs"), required(MODULES));
    if (output(node, ["-p", "process.features.require_module ?? false"], folder) === "true") same(output(node, ["--no-warnings", "esm.cjs"], folder), folder);
  });
}

test("Bun, by import and by require", () => {
  const bun = carried("@oven", "bin/bun");
  writeFileSync(join(folder, "bun.mjs"), program(printed));
  same(output(bun, ["run", "bun.mjs"], folder), folder);
  writeFileSync(join(folder, "bun.cjs"), required(PACKAGE));
  same(output(bun, ["run", "bun.cjs"], folder), folder);
});

test("Deno, without any permission but to read this folder", () => {
  const deno = carried("@deno", "deno");
  writeFileSync(join(folder, "deno.mjs"), program(printed));
  const args = ["run", "--quiet", "--cached-only", "--node-modules-dir=manual", `--allow-read=${folder}`, "deno.mjs"];
  same(output(deno, args, folder, { DENO_NO_UPDATE_CHECK: "1", DENO_DIR: join(folder, ".deno") }), folder);
});

test("workerd, which compiles no bytes", async () => {
  writeFileSync(join(folder, "worker.mjs"), `
    import vectors from "./vectors.json";
    import * as podpass from "podpass";
    import * as errors from "podpass/errors";
    import * as jwks from "podpass/jwks";
    import { conformance } from "./conformance.mjs";
    export default { fetch: async () => new Response(await conformance(podpass, errors, jwks, vectors)) };`);
  // As the platform's own tool bundles: by condition, with modules left beside the bundle.
  const { metafile } = await build({
    entryPoints: [join(folder, "worker.mjs")], outdir: join(folder, "worker"), bundle: true, format: "esm", conditions: ["workerd", "worker", "browser"],
    loader: { ".wasm": "copy" }, assetNames: "[name]", metafile: true, logLevel: "warning",
  });
  assert.ok(Object.keys(metafile.inputs).some((name) => name.endsWith("core.wasm")), "the module is a file of its own");
  const port = await freePort();
  writeFileSync(join(folder, "worker/config.capnp"), `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .worker)],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
);
const worker :Workerd.Worker = (
  modules = [(name = "worker", esModule = embed "worker.js"), (name = "./core.wasm", wasm = embed "core.wasm")],
  compatibilityDate = "2026-01-01",
);
`);
  const child = spawn(carried("@cloudflare", "bin/workerd"), ["serve", "config.capnp"], { cwd: join(folder, "worker"), stdio: ["ignore", "inherit", "pipe"] });
  let told = "";
  child.stderr.on("data", (chunk) => (told += chunk));
  try {
    const response = await patiently(() => fetch(`http://127.0.0.1:${port}/`), () => child.exitCode === null, () => told);
    same(await response.text(), folder);
  } finally {
    child.kill();
  }
});

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** Asks again until there is an answer, as long as somebody could give it. */
async function patiently(ask, alive, why) {
  for (let turn = 0; turn < 200; turn += 1) {
    try {
      return await ask();
    } catch {
      if (!alive()) break;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  throw new Error(`no answer: ${why()}`);
}
