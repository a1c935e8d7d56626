/** The store of `examples/` with a real redis-server and npm's `redis`. `PODPASS_REDIS` names the server's program. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { createClient } from "redis";

import { createVerifier } from "../dist/node.js";
import { redisStore } from "../examples/redis-store.mjs";
import { ISSUER, json, keyPair, rejection, setOf, tokenOf, world } from "./support/issuer.mjs";

const folder = mkdtempSync(join(tmpdir(), "podpass-redis-"));
const socket = join(folder, "redis.sock");
let server;
let client;

before(async () => {
  server = spawn(process.env.PODPASS_REDIS ?? "redis-server", ["--port", "0", "--unixsocket", socket, "--save", "", "--dir", folder], { stdio: "ignore" });
  await new Promise((resolve, reject) => server.once("spawn", resolve).once("error", reject));
  client = createClient({ socket: { path: socket, reconnectStrategy: (tries) => (tries < 100 ? 50 : new Error("no redis-server")) } });
  client.on("error", () => {});
  await client.connect();
});
after(async () => {
  client?.destroy();
  server?.kill();
  rmSync(folder, { recursive: true, force: true });
});

const [key, next] = [keyPair("k1"), keyPair("k2")];
const verifierOf = (here, store = redisStore(client)) =>
  createVerifier({ issuers: [{ issuer: ISSUER, audience: "orders", jwksUri: "https://keys.example/jwks" }], fetch: here.fetch, now: here.clock, store });

test("one instance fetches, the others find it, a rotated key as well", async () => {
  let keys = [key];
  const here = world(() => json(setOf(...keys)));
  const instances = Array.from({ length: 5 }, () => verifierOf(here));
  await instances[0].verify(tokenOf(key, here.now));
  await Promise.all(instances.map((instance) => instance.verify(tokenOf(key, here.now))));
  assert.equal(here.requests.length, 1);
  assert.deepEqual(await client.keys("*"), [`podpass:jwks:${ISSUER}`]);
  assert.ok((await client.ttl(`podpass:jwks:${ISSUER}`)) > 4_100);
  keys = [next];
  here.now += 31;
  for (const instance of instances) await instance.verify(tokenOf(next, here.now));
  assert.equal(here.requests.length, 2);
  for (const instance of instances) assert.equal((await rejection(instance.verify(tokenOf(key, here.now)))).code, "ERR_JWKS_NO_MATCHING_KEY");
});

test("what others wrote there is judged like any key set", async () => {
  const here = world(() => json(setOf(key)));
  for (const text of ["", "{", "null", "[]", JSON.stringify({ issuer: ISSUER, jwks: { keys: 1 }, fetchedAt: here.now, expiresAt: here.now + 9 }), JSON.stringify({ issuer: ISSUER, jwks: JSON.parse(setOf(next)), fetchedAt: here.now + 1000, expiresAt: here.now + 2000 })]) {
    await client.set(`podpass:jwks:${ISSUER}`, text);
    await verifierOf(here).verify(tokenOf(key, here.now));
  }
});

test("without Redis each fetches for itself", async () => {
  const here = world(() => json(setOf(key)));
  const lost = createClient({ socket: { path: join(folder, "nowhere"), reconnectStrategy: false } });
  lost.on("error", () => {});
  await assert.rejects(lost.connect());
  await verifierOf(here, redisStore(lost)).verify(tokenOf(key, here.now));
  assert.equal(here.requests.length, 1);
});
