// Compiles a module and throws if the engine refuses it. Called as: node compile.mjs CANDIDATE.wasm
import { readFileSync } from 'node:fs';

const module = await WebAssembly.compile(readFileSync(process.argv[2]));
console.log(`   the optimised module compiles: ${WebAssembly.Module.exports(module).length} exports`);
