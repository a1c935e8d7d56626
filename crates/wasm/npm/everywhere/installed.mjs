/** The packed tarball, installed into a folder of its own, with the conformance body beside it. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after } from "node:test";
import { fileURLToPath } from "node:url";

import { vectors } from "./vectors.mjs";

const here = dirname(fileURLToPath(import.meta.url));
export const modules = join(here, "node_modules");

export const tarball = process.env.PODPASS_TARBALL ?? firstOf(join(here, "../../../../target/npm"), ".tgz");

function firstOf(folder, ending) {
  const found = readdirSync(folder).find((name) => name.endsWith(ending));
  if (!found) throw new Error(`no ${ending} in ${folder}: run \`cargo xtask npm\``);
  return join(folder, found);
}

/** Installs into a new folder, which goes when the tests end. */
export function install() {
  const folder = mkdtempSync(join(tmpdir(), "podpass-everywhere-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, "package.json"), '{ "private": true, "type": "module" }\n');
  execFileSync("npm", ["install", "--offline", "--no-audit", "--no-fund", tarball], { cwd: folder, stdio: ["ignore", "ignore", "inherit"] });
  copyFileSync(join(here, "conformance.mjs"), join(folder, "conformance.mjs"));
  const calls = vectors();
  assert.ok(calls.length > 50, "expected calls of the case files");
  writeFileSync(join(folder, "vectors.json"), JSON.stringify(calls));
  return folder;
}

/** A module that runs the body and hands the answer to `tell`. */
export const program = (tell, vectorsFrom = 'JSON.parse(readFileSync(new URL("./vectors.json", import.meta.url), "utf8"))') => `
${vectorsFrom.includes("readFileSync") ? 'import { readFileSync } from "node:fs";' : ""}
import * as podpass from "podpass";
import * as errors from "podpass/errors";
import * as jwks from "podpass/jwks";
import { conformance } from "./conformance.mjs";
${tell(`await conformance(podpass, errors, jwks, ${vectorsFrom})`)}
`;

export const printed = (answer) => `console.log(${answer});`;

/** Runs a program in a folder; what it prints. */
export function output(program, args, cwd, env = {}) {
  return execFileSync(program, args, { cwd, encoding: "utf8", maxBuffer: 1 << 28, env: { ...process.env, ...env } }).trim();
}

let reference;
/** What Node answers by `import`: the measure for all others. The cases themselves are checked against it elsewhere. */
export function expected(folder) {
  if (reference === undefined) {
    writeFileSync(join(folder, "reference.mjs"), program(printed));
    reference = output(process.execPath, ["reference.mjs"], folder);
    const { answers, oneSetOfClasses } = JSON.parse(reference);
    assert.ok(oneSetOfClasses && answers.some(({ value }) => value) && answers.some(({ error }) => error?.known), "the body exercises answers and errors");
    for (const { webcrypto, ...answer } of answers) if (webcrypto) assert.deepEqual(webcrypto, answer);
    assert.ok(answers.every(({ error }) => error?.code !== "ERR_INTERNAL" && error?.name !== "ReferenceError"), "no call fails inside");
  }
  return reference;
}

/** Compares whole answers, and says which call differs first. */
export function same(found, folder) {
  const wanted = expected(folder);
  if (found === wanted) return;
  const [a, b] = [JSON.parse(wanted), JSON.parse(found)];
  const index = a.answers.findIndex((answer, at) => JSON.stringify(answer) !== JSON.stringify(b.answers[at]));
  assert.deepEqual(b.answers[index], a.answers[index], `answer ${index}`);
  assert.equal(found, wanted);
}
