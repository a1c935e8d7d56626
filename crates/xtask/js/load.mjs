// Loads an optimised module through its glue and makes one call: `wasm-opt` may end well and still write a module
// that no engine takes. Called as: node load.mjs GLUE.js CANDIDATE.wasm
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const [glue, candidate] = process.argv.slice(2);
const engine = await import(pathToFileURL(glue).href);
engine.initSync({ module: readFileSync(candidate) });
const version = engine.version();
if (typeof version !== 'string' || !/^\d+\.\d+\.\d+/.test(version)) {
  throw new Error(`version() of the optimised module gives ${JSON.stringify(version)}, expected a version`);
}
console.log(`   the optimised module loads and answers: version ${version}`);
