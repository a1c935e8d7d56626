/** The comparison of answers, by the table that the Rust one is tried with. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { differ } from "../compare.mjs";

const table = JSON.parse(readFileSync(new URL("../src/compare_table.json", import.meta.url), "utf8"));

test("every test holds and fails", () => {
  assert.ok(table.length > 40);
  for (const [holds, expected, actual] of table) {
    assert.equal(differ(expected, actual) === null, holds, `${JSON.stringify(expected)} against ${JSON.stringify(actual)}`);
  }
});

test("an inherited member was not answered", () => {
  assert.equal(differ({ admin: true }, Object.create({ admin: true }))?.path, "/admin");
});
