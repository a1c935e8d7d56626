/** Node in its three ways, Bun and Deno: each answers every call as Node does. */
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { install, modules, output, printed, program, same } from "./installed.mjs";

const folder = install();

/** The program of an npm package that carries one for this platform in a package of its own. */
function carried(scope, file) {
  const found = readdirSync(join(modules, scope)).map((name) => join(modules, scope, name, file)).find(existsSync);
  if (!found) throw new Error(`${scope} has no ${file} for ${process.platform}-${process.arch}`);
  return found;
}

const required = (path, errors) => `
const { readFileSync } = require("node:fs");
const podpass = require(${JSON.stringify(path)});
const errors = require(${JSON.stringify(errors)});
import("./conformance.mjs").then(({ conformance }) => console.log(conformance(podpass, errors, JSON.parse(readFileSync("vectors.json", "utf8")))));
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
    writeFileSync(join(folder, "node.cjs"), required("podpass", "podpass/errors"));
    same(output(node, ["node.cjs"], folder), folder);
    writeFileSync(join(folder, "esm.cjs"), required("./node_modules/podpass/dist/index.js", "./node_modules/podpass/dist/errors.js"));
    if (output(node, ["-p", "process.features.require_module ?? false"], folder) === "true") same(output(node, ["--no-warnings", "esm.cjs"], folder), folder);
  });
}

test("Bun, by import and by require", () => {
  const bun = carried("@oven", "bin/bun");
  writeFileSync(join(folder, "bun.mjs"), program(printed));
  same(output(bun, ["run", "bun.mjs"], folder), folder);
  writeFileSync(join(folder, "bun.cjs"), required("podpass", "podpass/errors"));
  same(output(bun, ["run", "bun.cjs"], folder), folder);
});

test("Deno, without any permission but to read this folder", () => {
  const deno = carried("@deno", "deno");
  writeFileSync(join(folder, "deno.mjs"), program(printed));
  const args = ["run", "--quiet", "--cached-only", "--node-modules-dir=manual", `--allow-read=${folder}`, "deno.mjs"];
  same(output(deno, args, folder, { DENO_NO_UPDATE_CHECK: "1", DENO_DIR: join(folder, ".deno") }), folder);
});
