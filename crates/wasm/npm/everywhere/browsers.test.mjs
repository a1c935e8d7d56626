/** A page and a module worker, as they come: files of the package, no bundler. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";

import { BROWSERS, serve } from "./browsers.mjs";
import { install, same } from "./installed.mjs";

const folder = install();
const { url, close } = await serve(folder);
after(close);

// A worker knows no import map, so it names the files.
const PACKAGE = "./node_modules/podpass/dist";
const run = ([podpass, errors, jwks], tell) => `
import * as podpass from "${podpass}";
import * as errors from "${errors}";
import * as jwks from "${jwks}";
import { conformance } from "./conformance.mjs";
const vectors = await (await fetch("vectors.json")).json();
${tell("await conformance(podpass, errors, jwks, vectors)")}
`;
const page = (script) => `<!doctype html><meta charset="utf-8"><title>podpass</title><link rel="icon" href="data:,">
<script type="importmap">{ "imports": { "podpass": "${PACKAGE}/index.js", "podpass/errors": "${PACKAGE}/errors.js", "podpass/jwks": "${PACKAGE}/jwks.js" } }</script>
<script type="module">
addEventListener("error", (event) => { globalThis.problem = event.message; });
addEventListener("unhandledrejection", (event) => { globalThis.problem = String(event.reason); });
${script}
</script>
`;
writeFileSync(join(folder, "page.html"), page(run(["podpass", "podpass/errors", "podpass/jwks"], (answer) => `globalThis.answer = ${answer};`)));
writeFileSync(join(folder, "worker.mjs"), run(["index", "errors", "jwks"].map((name) => `${PACKAGE}/${name}.js`), (answer) => `postMessage(${answer});`));
writeFileSync(join(folder, "worker.html"), page(`
const worker = new Worker("worker.mjs", { type: "module" });
worker.onmessage = ({ data }) => { globalThis.answer = data; };
worker.onerror = (event) => { globalThis.problem = event.message ?? "the worker failed"; };
`));

for (const [name, answersOf] of Object.entries(BROWSERS)) {
  test(`${name}: a page and a worker`, async () => {
    const answers = await answersOf(["page", "worker"].map((place) => `${url}/${place}.html`));
    for (const answer of answers) same(answer, folder);
  });
}
