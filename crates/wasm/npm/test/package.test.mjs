/**
 * The tarball as a user has it: installed into an empty folder, imported, required, compiled against.
 * `PODPASS_TARBALL` names it (`cargo xtask npm` makes it); without it, it is packed of the built folder.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

const here = dirname(dirname(fileURLToPath(import.meta.url)));
const { version } = JSON.parse(readFileSync(join(here, "package.json"), "utf8"));
const npm = (cwd, ...words) => execFileSync("npm", words, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });

let folder;
let installed;

before(() => {
  folder = mkdtempSync(join(tmpdir(), "podpass-package-"));
  const tarball = process.env.PODPASS_TARBALL ?? join(folder, JSON.parse(npm(here, "pack", "--json", "--ignore-scripts", "--pack-destination", folder))[0].filename);
  writeFileSync(join(folder, "package.json"), '{ "private": true }\n');
  npm(folder, "install", "--offline", "--no-audit", "--no-fund", tarball);
  installed = join(folder, "node_modules/podpass");
});
after(() => rmSync(folder, { recursive: true, force: true }));

/** Runs a script in the folder; what it prints is JSON. */
function run(name, text) {
  writeFileSync(join(folder, name), text);
  return JSON.parse(execFileSync(process.execPath, [name], { cwd: folder, encoding: "utf8" }));
}

const USE = `
const decoded = podpass.decodeToken("Bearer eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln");
const report = podpass.explain({ token: "not a token", now: 1 });
let code;
try { podpass.verifyServiceAccountToken("abc", { keys: [] }, { issuer: null, audience: null }); } catch (error) { code = error.code; }
const { TokenExpiredError } = errors;
console.log(JSON.stringify({ version: podpass.version(), subject: decoded.subject, schema: report.schema, now: report.now, code, expired: TokenExpiredError.code }));
`;
const USED = { version, subject: "x", schema: 1, now: 1, code: "ERR_JWS_INVALID", expired: "ERR_JWT_EXPIRED" };

test("works by import", () => {
  assert.deepEqual(run("use.mjs", `import * as podpass from "podpass"; import * as errors from "podpass/errors";${USE}`), USED);
});

test("works by require", () => {
  assert.deepEqual(run("use.cjs", `const podpass = require("podpass"); const errors = require("podpass/errors");${USE}`), USED);
});

test("podpass and podpass/errors have the same classes", () => {
  const compare = "console.log(JSON.stringify(podpass.TokenExpiredError === errors.TokenExpiredError));";
  assert.equal(run("same.mjs", `import * as podpass from "podpass"; import * as errors from "podpass/errors"; ${compare}`), true);
  assert.equal(run("same.cjs", `const podpass = require("podpass"); const errors = require("podpass/errors"); ${compare}`), true);
});

test("the command is there", () => {
  const told = execFileSync(join(folder, "node_modules/.bin/podpass"), ["--version"], { cwd: folder, encoding: "utf8" });
  assert.equal(told, `${version}\n`);
});

test("both copies in one process know each other's errors", () => {
  const text = `
    import { createRequire } from "node:module";
    import * as esm from "podpass";
    const cjs = createRequire(import.meta.url)("podpass");
    try { cjs.verifyServiceAccountToken("abc", { keys: [] }, { issuer: null, audience: null }); }
    catch (error) { console.log(JSON.stringify([esm.isPodpassError(error), error instanceof esm.PodpassError, error instanceof cjs.PodpassError])); }`;
  assert.deepEqual(run("both.mjs", text), [true, false, true]);
});

test("importing does no work, and errors alone bring no module", () => {
  const text = `
    const compiled = [];
    WebAssembly.Module = new Proxy(WebAssembly.Module, { construct: (target, given) => { compiled.push("module"); return new target(...given); } });
    const podpass = await import("podpass");
    const before = compiled.length;
    podpass.version(); podpass.version();
    console.log(JSON.stringify([before, compiled.length]));`;
  assert.deepEqual(run("lazy.mjs", text), [0, 1]);
  for (const name of ["errors.js", "errors.cjs"]) assert.ok(readFileSync(join(installed, "dist", name)).length < 16 * 1024, name);
});

test("the module is there as a file, and is the embedded one", () => {
  const wasm = readFileSync(join(installed, "dist/core.wasm"));
  assert.ok(WebAssembly.validate(wasm));
  for (const name of ["engine.js", "engine.cjs"]) assert.ok(readFileSync(join(installed, "dist", name), "latin1").includes(wasm.toString("base64")), name);
});

test("the tarball holds what it should and nothing else", () => {
  const files = readdirSync(installed, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(installed.length + 1));
  const declared = ["index.d.ts", "index.d.cts", "errors.d.ts", "errors.d.cts", "shapes.d.ts", "shapes.d.cts", ...["jwks", "node", "slim", "testing"].flatMap((name) => [`${name}.d.ts`, `${name}.d.cts`]), "core.wasm.d.ts"];
  const built = [...["engine", "index", "errors", "jwks", "node", "slim", "testing"].flatMap((name) => [`${name}.js`, `${name}.cjs`]), "cli.js", "core.wasm", ...["engine", "index", "jwks"].map((name) => `workerd/${name}.js`)];
  assert.deepEqual(files.sort(), ["CHANGELOG.md", "LICENSE-APACHE", "LICENSE-MIT", "README.md", "docs/api.md", "docs/reference.md", "package.json", ...[...built, ...declared].map((name) => `dist/${name}`)].sort());
});

for (const [resolution, module, consumer] of [["node16", "node16", "consumer.mts"], ["node16", "node16", "consumer.cts"], ["nodenext", "nodenext", "consumer.mts"], ["nodenext", "nodenext", "consumer.cts"], ["bundler", "esnext", "consumer.mts"]]) {
  test(`types compile for ${consumer} with moduleResolution ${resolution}`, () => {
    assert.equal(compile(consumer, resolution, module), "");
  });
}

test("types refuse what makes no sense", () => {
  const told = compile("refused.mts", "nodenext", "nodenext");
  const text = readFileSync(join(here, "test/types/refused.mts"), "utf8").split("\n");
  const marked = text.flatMap((line, index) => (line.includes("// error") ? [index + 1] : []));
  const found = [...told.matchAll(/refused\.mts\((\d+),/g)].map((match) => Number(match[1]));
  assert.ok(marked.length > 5);
  assert.deepEqual([...new Set(found)], marked, told);
});

/** What the compiler says of a file of `types/` beside the installed package. */
function compile(file, moduleResolution, module) {
  const consumer = file.replace("consumer.mts", `consumer-${moduleResolution}.mts`);
  cpSync(join(here, "test/types", file), join(folder, consumer));
  const config = `tsconfig.${consumer}.json`;
  writeFileSync(join(folder, config), JSON.stringify({
    compilerOptions: { module, moduleResolution, target: "es2022", lib: ["es2022"], strict: true, noEmit: true, types: [], skipLibCheck: false },
    files: [consumer],
  }));
  try {
    execFileSync(process.execPath, [join(here, "node_modules/typescript/bin/tsc"), "--project", config], { cwd: folder, encoding: "utf8" });
    return "";
  } catch (error) {
    return error.stdout;
  }
}
