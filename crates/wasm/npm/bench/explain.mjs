/**
 * How long `explain()` takes in Node: `node bench/explain.mjs [calls]`, on the built package and the cases' inputs.
 * Prints a table; asserts nothing, for machines differ. On a busy one the fastest call tells most.
 */
import { readFileSync } from "node:fs";

const calls = Number(process.argv[2] ?? 200);
const TARGET = 5;
const SAMPLES = { "IRSA pod, two token volumes, trust policy": "irsa", "pod without a ServiceAccount": "default-account", "annotated Deployment": "role-annotation" };

const inputOf = (area) =>
  JSON.parse(readFileSync(new URL(`../../../../tests/cases/${area}/healthy.json`, import.meta.url), "utf8"))
    .calls.find((call) => call.function === "explain").arguments[0];
const milliseconds = (run) => {
  const start = performance.now();
  run();
  return performance.now() - start;
};

const podpass = await import("../dist/index.js");
const rows = [];
let first;
for (const [name, area] of Object.entries(SAMPLES)) {
  const input = inputOf(area);
  first ??= milliseconds(() => podpass.explain(input));
  const times = Array.from({ length: calls }, () => milliseconds(() => podpass.explain(input))).sort((a, b) => a - b);
  const at = (share) => times[Math.min(times.length - 1, Math.floor(times.length * share))].toFixed(2);
  rows.push([name, at(0), at(0.5), at(0.95), at(1)]);
}

console.log(`podpass ${podpass.version()}, Node ${process.versions.node}, ${calls} calls each, milliseconds\n`);
console.log("| input | fastest | median | 95 % | slowest |\n| --- | ---: | ---: | ---: | ---: |");
for (const row of rows) console.log(`| ${row.join(" | ")} |`);
console.log(`\nfirst call, with compiling the module: ${first.toFixed(0)} ms; aim for the first row's median on an idle machine: under ${TARGET} ms`);
