/**
 * Builds `dist/` out of `src/` and what `cargo xtask npm` put into `glue/`:
 * wasm-bindgen's `podpass_wasm.js` and `podpass_wasm_bg.wasm` (target web, the latter optimised).
 *
 * The bytes are embedded, so that no bundler, server or runtime has to find a second file.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, gzipSync } from "node:zlib";

import { build } from "esbuild";

const here = dirname(dirname(fileURLToPath(import.meta.url)));
const root = join(here, "../../..");
const dist = join(here, "dist");
const at = (...parts) => join(here, ...parts);

const DOORS = [
  "checkServiceAccountToken", "concludeCheck", "concludeVerification", "decodeShortWay", "decodeToken", "evaluateFederation",
  "explain", "inspectCluster", "inspectPods", "inspectTokenSecrets", "introduceToken", "keepVerifier", "kubeletRefresh", "parseKeys",
  "releaseVerifier", "reportToMarkdown", "requestSignature", "rotationTimeline", "shortWayRoom", "shortWayTold",
  "simulateDiscovery", "simulateTokenRequest", "simulateTokenReview", "verifierKeys", "verifyServiceAccountToken",
  "verifyShortWay", "version",
];

const { version } = JSON.parse(readFileSync(at("package.json"), "utf8"));
const ofCargo = /^\[workspace\.package\]\s*\nversion = "([^"]+)"/m.exec(readFileSync(join(root, "Cargo.toml"), "utf8"))?.[1];
if (version !== ofCargo) throw new Error(`package.json has version ${version}, Cargo.toml has ${ofCargo}: make them equal`);

const wasm = readFileSync(at("glue/podpass_wasm_bg.wasm"));
await WebAssembly.compile(wasm); // an optimiser may write a module that does not load
const buildId = `${version}-${createHash("sha256").update(wasm).digest("hex").slice(0, 12)}`;

/** wasm-bindgen's glue keeps its instance in module variables; as a function it can be had afresh. */
async function glueFactory() {
  const { outputFiles } = await build({
    stdin: { contents: `export { initSync, ${DOORS.join(", ")} } from "./glue/podpass_wasm.js";`, resolveDir: here },
    bundle: true, write: false, format: "iife", globalName: "glue", target: "es2022",
    define: { "import.meta.url": '""' }, // of the asynchronous start, which is not used
  });
  return `export function createGlue() {\n${outputFiles[0].text}\nreturn glue;\n}`;
}

/** Where an entry has its module from, if it does not carry it. */
const SOURCES = { slim: "slim/unstarted.ts", workerd: "handed.ts" };

const virtual = (entry) => ({
  name: "podpass",
  setup(builder) {
    builder.onResolve({ filter: /^podpass:module$/ }, () => ({ path: at("src", SOURCES[entry] ?? "embedded.ts") }));
    builder.onResolve({ filter: /^podpass:core$/ }, () => ({ path: "../core.wasm", external: true }));
    builder.onResolve({ filter: /^podpass:/ }, ({ path }) => ({ path, namespace: "podpass" }));
    builder.onLoad({ filter: /bytes$/, namespace: "podpass" }, () => ({ contents: `export const BYTES = "${wasm.toString("base64")}";` }));
    builder.onLoad({ filter: /glue$/, namespace: "podpass" }, async () => ({ contents: await glueFactory() }));
  },
});

/** What each subpath is made of, and where that runs. */
const ENTRIES = { engine: "neutral", index: "neutral", errors: "neutral", jwks: "neutral", node: "node", slim: "neutral", testing: "node", cli: "node" };
/** Started, never imported: one format is enough. */
const COMMANDS = ["cli"];

/** Entries that workerd needs of its own, below `workerd/`: of these the engine differs, and who imports it. */
const OF_WORKERD = ["engine", "index", "jwks"];

/**
 * Entries import each other's files instead of holding copies: one engine, one set of error classes. Only
 * `podpass/slim` has an engine of its own, without bytes.
 */
const siblings = (extension, entry) => ({
  name: "siblings",
  setup(builder) {
    builder.onResolve({ filter: /^\.\.?\/.*\.js$/ }, ({ path, resolveDir }) => {
      const name = relative(at("src"), join(resolveDir, path)).slice(0, -".js".length);
      const shared = Object.hasOwn(ENTRIES, name) && (entry !== "slim" || name === "errors");
      const folder = entry === "workerd" && !OF_WORKERD.includes(name) ? ".." : ".";
      return shared ? { path: `${folder}/${name}.${extension}`, external: true } : undefined;
    });
  },
});

/** One file of the package; `variant` says where its module comes from. */
const bundle = (entry, outfile, format, platform, extension, variant = entry) =>
  build({
    entryPoints: [at("src", `${entry}.ts`)], outfile: join(dist, outfile),
    bundle: true, format, platform, target: "es2022", plugins: [virtual(variant), siblings(extension, variant)],
    define: { BUILD_ID: JSON.stringify(buildId) }, legalComments: "none", logLevel: "warning",
  });

rmSync(dist, { recursive: true, force: true });
mkdirSync(dist);
for (const [format, extension] of [["esm", "js"], ["cjs", "cjs"]]) {
  for (const [entry, platform] of Object.entries(ENTRIES)) {
    if (format === "cjs" && COMMANDS.includes(entry)) continue;
    await bundle(entry, `${entry}.${extension}`, format, platform, extension);
  }
}
for (const entry of OF_WORKERD) await bundle(entry, `workerd/${entry}.js`, "esm", "neutral", "js", "workerd");

// Types: errors from their source, the rest by hand. For CommonJS the same text under the other extension.
const declarations = mkdtempSync(join(tmpdir(), "podpass-types-"));
for (const project of ["tsconfig.json", "tsconfig.node.json"]) {
  execFileSync(process.execPath, [at("node_modules/typescript/bin/tsc"), "--project", at(project), "--outDir", declarations], { stdio: "inherit" });
}
/** Hand-written types of a subpath: in the package they all lie in one folder. */
const ofFolder = (name) => readFileSync(at("src", name, "api.d.ts"), "utf8").replaceAll('"../api.js"', '"./index.js"').replaceAll(/"\.\.\/(\w+)\/api\.js"/g, '"./$1.js"');
const types = {
  index: readFileSync(at("src/api.d.ts"), "utf8"),
  shapes: readFileSync(at("src/shapes.d.ts"), "utf8"),
  errors: readFileSync(join(declarations, "errors.d.ts"), "utf8"),
  jwks: ofFolder("jwks"),
  node: ofFolder("node"),
  slim: ofFolder("slim"),
  testing: ofFolder("testing"),
};
rmSync(declarations, { recursive: true });
for (const [name, text] of Object.entries(types)) {
  writeFileSync(join(dist, `${name}.d.ts`), text);
  writeFileSync(join(dist, `${name}.d.cts`), text.replaceAll('.js"', '.cjs"'));
}
cpSync(at("src/core.wasm.d.ts"), join(dist, "core.wasm.d.ts"));
writeFileSync(join(dist, "core.wasm"), wasm);
for (const name of ["CHANGELOG.md", "LICENSE-APACHE", "LICENSE-MIT"]) cpSync(join(root, name), at(name));

const kilobytes = (bytes) => `${Math.ceil(bytes.length / 1024)} KB`;
console.log(`podpass ${buildId}: core.wasm ${kilobytes(wasm)}, gzip ${kilobytes(gzipSync(wasm, { level: 9 }))}, brotli ${kilobytes(brotliCompressSync(wasm))}`);
