/** Runs every file under `cases/` against the built npm package: one test a file. `cargo xtask npm` builds it. */
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { differ } from "../compare.mjs";

const podpass = await import("../../crates/wasm/npm/dist/index.js");
const root = fileURLToPath(new URL("../cases/", import.meta.url));
const MEMBERS = { case: ["id", "kind", "why", "calls"], call: ["function", "arguments", "expected"] };

const files = readdirSync(root, { recursive: true }).filter((name) => name.endsWith(".json")).sort();
assert.ok(files.length > 100, `expected the case files in ${root}, found ${files.length}`);

for (const file of files) {
  test(file, () => {
    const { id, why, calls } = withMembers(JSON.parse(readFileSync(join(root, file), "utf8")), MEMBERS.case);
    assert.ok(calls.length > 0, "no calls");
    calls.forEach((call, index) => {
      const { function: name, arguments: given, expected } = withMembers(call, MEMBERS.call);
      const difference = differ(expected, answerOf(name, given));
      const told = () => `${id} (${why}): call ${index}, ${name}: at \`${difference.path}\` expected ${difference.expected}, found ${difference.actual}`;
      if (difference) assert.fail(told());
    });
  });
}

/** `try:NAME` answers what the call throws or returns. */
function answerOf(name, given) {
  const tried = name.startsWith("try:");
  const call = podpass[tried ? name.slice("try:".length) : name];
  if (typeof call !== "function") throw new Error(`no such function: ${name}`);
  if (!tried) return call(...given);
  try {
    return { value: call(...given) };
  } catch (error) {
    return { error: { ...error, name: error.name, code: error.code, message: error.message } };
  }
}

/** Unknown members are refused, as by the Rust runner. */
function withMembers(value, names) {
  assert.deepEqual(Object.keys(value).sort(), [...names].sort());
  return value;
}
