/** esbuild, webpack, Rollup and Vite, as they are set up by default. What they make answers as Node does. */
import assert from "node:assert/strict";
import { readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";

import { nodeResolve } from "@rollup/plugin-node-resolve";
import * as esbuild from "esbuild";
import { rollup } from "rollup";
import * as vite from "vite";
import webpack from "webpack";

import { BROWSERS, serve } from "./browsers.mjs";
import { install, output, program, same } from "./installed.mjs";

const folder = install();
const entry = join(folder, "entry.mjs");
// Within a function: CommonJS knows no top-level await.
const later = (answer) => `(async () => console.log(${answer}))();`;
writeFileSync(entry, program(later));
writeFileSync(join(folder, "light.mjs"), 'import { TokenExpiredError, isPodpassError } from "podpass";\nconsole.log(TokenExpiredError.code, isPodpassError(new Error()));\n');

/** Runs a bundle: what it needs of podpass it holds. */
function bundled(file) {
  assert.ok(!/(from|require\()\s*"podpass/.test(readFileSync(file, "utf8")), "podpass is inside");
  same(output(process.execPath, [file], folder), folder);
}
/** A bundle of one error class brings no engine along. */
const light = (file) => assert.ok(statSync(file).size < 24 * 1024, `${file}: ${statSync(file).size} bytes`);

for (const [format, extension] of [["esm", "mjs"], ["cjs", "cjs"]]) {
  test(`esbuild, ${format}`, async () => {
    const outfile = join(folder, `out/esbuild.${extension}`);
    // import.meta.url of the program itself, not of podpass: esbuild leaves it empty in CommonJS.
    const source = readFileSync(entry, "utf8").replace('new URL("./vectors.json", import.meta.url)', JSON.stringify(join(folder, "vectors.json")));
    await esbuild.build({ stdin: { contents: source, resolveDir: folder }, outfile, bundle: true, format, platform: "node", logLevel: "warning" });
    bundled(outfile);
  });
}

test("esbuild: an error class brings no engine", async () => {
  const outfile = join(folder, "out/light-esbuild.mjs");
  await esbuild.build({ entryPoints: [join(folder, "light.mjs")], outfile, bundle: true, format: "esm", logLevel: "warning" });
  light(outfile);
});

test("webpack", async () => {
  const path = join(folder, "out/webpack");
  const compile = promisify(webpack);
  const source = readFileSync(entry, "utf8").replace('new URL("./vectors.json", import.meta.url)', JSON.stringify(join(folder, "vectors.json")));
  writeFileSync(join(folder, "webpack.mjs"), source);
  const stats = await compile({
    mode: "production", target: "node", context: folder, entry: { main: "./webpack.mjs", light: "./light.mjs" }, output: { path, filename: "[name].cjs" },
    performance: { hints: false },
  });
  assert.deepEqual(stats.toJson({ all: false, errors: true, warnings: true }), { errors: [], warnings: [] });
  bundled(join(path, "main.cjs"));
  light(join(path, "light.cjs"));
});

test("Rollup", async () => {
  const warnings = [];
  for (const [input, check] of [["entry.mjs", bundled], ["light.mjs", light]]) {
    const bundle = await rollup({ input: join(folder, input), plugins: [nodeResolve()], external: [/^node:/], onwarn: (warning) => warnings.push(warning.message) });
    const file = join(folder, `out-rollup-${input}`);
    await bundle.write({ file, format: "es" });
    await bundle.close();
    check(file);
  }
  assert.deepEqual(warnings, []);
});

writeFileSync(join(folder, "index.html"), '<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><script type="module" src="/app.mjs"></script>\n');
writeFileSync(join(folder, "app.mjs"), program((answer) => `globalThis.answer = ${answer};`, "vectors").replace("import", 'import vectors from "./vectors.json";\nimport'));
const site = { root: folder, configFile: false, logLevel: "error", clearScreen: false };

test("Vite, built, in Chromium", async () => {
  await vite.build({ ...site, build: { outDir: "out-vite", chunkSizeWarningLimit: 1e6 } });
  assert.ok(readdirSync(join(folder, "out-vite/assets")).length > 0);
  const { url, close } = await serve(join(folder, "out-vite"));
  try {
    same((await BROWSERS.Chromium([`${url}/index.html`]))[0], folder);
  } finally {
    close();
  }
});

test("Vite, as its development server serves it, in Chromium", async () => {
  const server = await vite.createServer({ ...site, server: { port: 0, host: "127.0.0.1", hmr: false, watch: null } });
  await server.listen();
  try {
    same((await BROWSERS.Chromium([server.resolvedUrls.local[0]]))[0], folder);
  } finally {
    await server.close();
  }
});
