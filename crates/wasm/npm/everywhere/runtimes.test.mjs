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

test("Node by require", () => {
  writeFileSync(join(folder, "node.cjs"), required("podpass", "podpass/errors"));
  same(output(process.execPath, ["node.cjs"], folder), folder);
});

test("Node by require of the ES modules", { skip: !process.features.require_module && "this Node cannot require ES modules" }, () => {
  writeFileSync(join(folder, "esm.cjs"), required("./node_modules/podpass/dist/index.js", "./node_modules/podpass/dist/errors.js"));
  same(output(process.execPath, ["--no-warnings", "esm.cjs"], folder), folder);
});

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
