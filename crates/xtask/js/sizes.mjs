// Prints the size of each file of a folder, as it is and as servers send it. Called as: node sizes.mjs FOLDER
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const folder = process.argv[2];
const row = (name, sizes) => console.log(`   ${name.padEnd(36)}${sizes.map((size) => String(size).padStart(10)).join('')}`);
const brotli = (bytes) => brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } });

const total = [0, 0, 0];
row('file (bytes)', ['raw', 'gzip', 'brotli']);
for (const name of readdirSync(folder, { recursive: true }).sort()) {
  const file = join(folder, name);
  if (!statSync(file).isFile()) continue;
  const bytes = readFileSync(file);
  const sizes = [bytes.length, gzipSync(bytes, { level: 9 }).length, brotli(bytes).length];
  sizes.forEach((size, index) => (total[index] += size));
  row(relative(folder, file), sizes);
}
row('total', total);
