/** Calls of the case files: from each area the first of each function, so that every function is called with real input. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const CASES = fileURLToPath(new URL("../../../../tests/cases/", import.meta.url));
/** Calls that are kept of one area and function. */
const EACH = 2;

export function vectors() {
  const kept = [];
  const counts = new Map();
  const files = readdirSync(CASES, { recursive: true }).filter((name) => name.endsWith(".json")).sort();
  for (const file of files) {
    for (const { function: name, arguments: given } of JSON.parse(readFileSync(join(CASES, file), "utf8")).calls) {
      const key = `${dirname(file)} ${name}`;
      const count = counts.get(key) ?? 0;
      if (count === EACH) continue;
      counts.set(key, count + 1);
      kept.push([name.replace(/^try:/, ""), given]);
    }
  }
  return kept;
}
