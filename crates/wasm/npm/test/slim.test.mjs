/** `podpass/slim`: the same functions, the module brought by the caller. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import * as podpass from "../dist/index.js";

const bytes = readFileSync(new URL("../dist/core.wasm", import.meta.url));
let copies = 0;
const fresh = () => import(`../dist/slim.js?copy=${(copies += 1)}`);

test("before init every call says what to do", async () => {
  const slim = await fresh();
  assert.throws(() => slim.version(), /init/);
  assert.throws(() => slim.initSync("text"), { code: "ERR_INVALID_OPTIONS" });
});

const response = (type) => new Response(bytes, { headers: { "content-type": type } });
const WAYS = {
  "bytes": () => bytes,
  "an ArrayBuffer": () => bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length),
  "a module": () => new WebAssembly.Module(bytes),
  "a response, streamed": () => response("application/wasm"),
  "a response of another type": () => response("application/octet-stream"),
  "a promised response": () => Promise.resolve(response("application/wasm")),
  "a URL": () => new URL(`data:application/wasm;base64,${bytes.toString("base64")}`),
};
for (const [name, source] of Object.entries(WAYS)) {
  test(`init with ${name}`, async () => {
    const slim = await fresh();
    await slim.init(source());
    assert.equal(slim.version(), podpass.version());
    assert.deepEqual(slim.decodeToken("Bearer a.b.c"), podpass.decodeToken("Bearer a.b.c"));
  });
}

test("initSync with bytes and with a module", async () => {
  for (const source of [bytes, new WebAssembly.Module(bytes)]) {
    const slim = await fresh();
    slim.initSync(source);
    assert.equal(slim.version(), podpass.version());
  }
});

test("a failed fetch says so, and a later init works", async () => {
  const slim = await fresh();
  await assert.rejects(slim.init(new Response("", { status: 404 })), /404/);
  await slim.init(bytes);
  assert.equal(slim.version(), podpass.version());
});

test("it has the same functions and errors, and no module inside", async () => {
  const slim = await fresh();
  assert.deepEqual(Object.keys(slim).filter((name) => !name.startsWith("init")).sort(), Object.keys(podpass).sort());
  assert.equal(slim.PodpassError, podpass.PodpassError);
  for (const name of ["slim.js", "slim.cjs", "jwks.js", "node.js"]) assert.ok(readFileSync(new URL(`../dist/${name}`, import.meta.url)).length < 80 * 1024, name);
});
