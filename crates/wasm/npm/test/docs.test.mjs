/** The documentation: every function has an example, and every example prints what it says. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const here = dirname(dirname(fileURLToPath(import.meta.url)));
const folder = mkdtempSync(join(tmpdir(), "podpass-docs-"));
after(() => rmSync(folder, { recursive: true }));
mkdirSync(join(folder, "node_modules"));
symlinkSync(here, join(folder, "node_modules/podpass"), "junction");

const read = (name) => readFileSync(join(here, name), "utf8");
const api = read("docs/api.md");
const sections = new Map(api.split(/^## /m).slice(1).map((section) => [section.split("\n", 1)[0], section]));
const codeOf = (section) => [...section.matchAll(/^```js\n(.*?)^```$/gms)].map((match) => match[1]);

/** What the comments of an example promise: one beside a call of console.log, or lines of them below it. */
const promised = (code) => code.split("\n").flatMap((line) => /^(?:.*console\.log\(.*;)?\s*\/\/ (.*)$/.exec(line)?.[1] ?? []);

const PRELUDE = `import { createTestCluster as createCluster } from "podpass/testing";
const NOW = 1780000000;
const cluster = await createCluster({ issuer: "https://issuer.example", now: () => NOW });
`;

for (const [name, section] of sections) {
  for (const [index, code] of codeOf(section).entries()) {
    test(`${name}: example ${index + 1} prints what it says`, async () => {
      const wanted = promised(code);
      assert.ok(wanted.length > 0, "the example says what it prints");
      const file = join(folder, `${name}-${index}.mjs`);
      writeFileSync(file, `${PRELUDE}${code}\nawait cluster.close();\n`);
      const { stdout } = await promisify(execFile)(process.execPath, [file], { cwd: folder });
      assert.deepEqual(stdout.trimEnd().split("\n"), wanted);
    });
  }
}

test("every function that a subpath exports has its section and example", async () => {
  const { exports } = JSON.parse(read("package.json"));
  const subpaths = Object.keys(exports).filter((path) => !/\.(wasm|json)$/.test(path));
  const names = new Set();
  for (const path of subpaths) {
    const exported = await import(join(here, exports[path].import.default));
    for (const [name, value] of Object.entries(exported)) {
      if (typeof value === "function" && !/^[A-Z]/.test(name)) names.add(name);
    }
  }
  assert.ok(names.size > 15);
  for (const name of names) assert.ok(sections.has(name) && codeOf(sections.get(name)).length > 0, `docs/api.md has no section \`## ${name}\` with an example`);
});

test("links within the documentation lead somewhere", () => {
  const slug = (heading) => heading.toLowerCase().replace(/[^\w -]/g, "").replaceAll(" ", "-");
  for (const name of ["README.md", "docs/api.md", "docs/reference.md"]) {
    for (const [, path, fragment] of read(name).matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g)) {
      const target = path === "" ? name : join(dirname(name), path);
      const text = read(target);
      if (fragment === undefined) continue;
      const anchors = [...text.matchAll(/^#+ (.*)$/gm)].map((match) => slug(match[1])).concat([...text.matchAll(/<a id="([^"]+)"/g)].map((match) => match[1]));
      assert.ok(anchors.includes(fragment), `${name}: ${target}#${fragment}`);
    }
  }
});
