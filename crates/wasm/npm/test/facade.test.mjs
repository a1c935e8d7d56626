/** The built facade: safety of results, errors, options, and its recovery from a trap. */
import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";

const dist = new URL("../dist/index.js", import.meta.url).href;
const podpass = await import(dist);

const part = (value) => Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");
const tokenOf = (claims) => `${part({ alg: "RS256" })}.${part(claims)}.${part("signature")}`;
const OPTIONS = { issuer: null, audience: null, now: 1_700_000_000 };

/** A copy of the package, with an engine that has not started yet. */
async function freshCopy(context) {
  const folder = mkdtempSync(join(tmpdir(), "podpass-copy-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  for (const name of ["engine.js", "errors.js", "index.js"]) cpSync(fileURLToPath(new URL(name, dist)), join(folder, name));
  cpSync(fileURLToPath(new URL("../package.json", import.meta.url)), join(folder, "package.json"));
  return import(pathToFileURL(join(folder, "index.js")).href);
}

/** What a call throws. */
function thrownBy(call) {
  try {
    call();
  } catch (error) {
    return error;
  }
  throw new Error("expected the call to throw");
}

test("the version is the package's", () => {
  const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  assert.equal(podpass.version(), version);
});

test("a claim named __proto__ stays an ordinary own member", () => {
  const { claims } = podpass.decodeToken(tokenOf('{"__proto__":{"admin":true},"constructor":{"x":1},"sub":"a"}'));
  assert.deepEqual(Object.keys(claims).sort(), ["__proto__", "constructor", "sub"]);
  assert.equal(Object.getPrototypeOf(claims), Object.prototype);
  assert.equal(claims.admin, undefined);
  assert.equal({}.admin, undefined);
});

test("a __proto__ in options is an unknown member, not a prototype", () => {
  const options = JSON.parse('{"issuer":null,"audience":null,"__proto__":{"now":1}}');
  assert.match(thrownBy(() => podpass.verifyServiceAccountToken("a.b.c", "{}", options)).message, /unknown field `__proto__`/);
});

test("errors are errors: class, name, code, brand, stack", () => {
  const error = thrownBy(() => podpass.verifyServiceAccountToken("abc", { keys: [] }, OPTIONS));
  assert.ok(error instanceof Error && error instanceof podpass.PodpassError && error instanceof podpass.TokenInvalidError);
  assert.equal(error.name, "TokenInvalidError");
  assert.equal(error.code, "ERR_JWS_INVALID");
  assert.ok(podpass.isPodpassError(error) && !podpass.isPodpassError(new Error("x")) && !podpass.isPodpassError(null));
  assert.equal(error[Symbol.for("podpass.error")], true);
  assert.match(error.stack, /^TokenInvalidError: |facade\.test/);
  assert.equal(JSON.parse(JSON.stringify(error)).code, "ERR_JWS_INVALID");
});

test("no error holds the token", () => {
  const token = tokenOf({ sub: "system:serviceaccount:a:b", padding: "x".repeat(80) });
  const calls = [
    () => podpass.verifyServiceAccountToken(token, { keys: [] }, OPTIONS),
    () => podpass.verifyServiceAccountToken(token, token, OPTIONS),
    () => podpass.verifyServiceAccountToken("a.b.c", "{}", { ...OPTIONS, now: token }),
    () => podpass.verifyServiceAccountToken("a.b.c", "{}", { ...OPTIONS, [token]: 1 }),
    () => podpass.verifyServiceAccountToken("a.b.c", "{}", { ...OPTIONS, algorithms: [token] }),
    () => podpass.explain({ scenario: { reader: token } }),
    () => podpass.explain({ cluster: token }),
  ];
  for (const call of calls) {
    const error = thrownBy(call);
    const told = [error.message, error.stack, JSON.stringify(error), JSON.stringify(error.cause)].join("\n");
    assert.ok(!token.split(".").some((piece) => piece.length > 20 && told.includes(piece)), `${call}: ${error.message}`);
  }
});

test("calls that make no sense are TypeErrors", () => {
  const calls = [
    () => podpass.decodeToken(),
    () => podpass.decodeToken(Buffer.from("x")),
    () => podpass.verifyServiceAccountToken("a.b.c", "{}"),
    () => podpass.verifyServiceAccountToken("a.b.c", undefined, OPTIONS),
    () => podpass.verifyServiceAccountToken("a.b.c", "{}", { issuer: "i" }),
    () => podpass.verifyServiceAccountToken("a.b.c", "{}", { issuer: undefined, audience: "a" }),
    () => podpass.verifyServiceAccountToken("a.b.c", "{}", { ...OPTIONS, clockTolerance: NaN }),
    () => podpass.verifyServiceAccountToken("a.b.c", "{}", { ...OPTIONS, algorithms: ["HS256"] }),
    () => podpass.verifyServiceAccountToken("a.b.c", "{}", { ...OPTIONS, algorithms: ["RS255"] }),
    () => podpass.checkServiceAccountToken("a.b.c", "{}", { ...OPTIONS, algorithms: ["none"] }),
    () => podpass.verifyServiceAccountToken("a.b.c", "{}", { ...OPTIONS, surprise: 1 }),
    () => podpass.explain(),
    () => podpass.explain({ now: new Date() }),
    () => podpass.explain({ token: 1 }),
    () => podpass.explain({ token: () => "x" }),
    () => podpass.explain({ now: 10n }),
    () => podpass.evaluateFederation({ token: "a.b.c" , trust: "x" }),
    () => podpass.inspectPods("", []),
    () => podpass.simulateTokenReview(),
    () => podpass.simulateTokenReview({ token: "a.b.c", cluster: {} }),
    () => podpass.simulateTokenReview({ token: "a.b.c", keys: "{}", cluster: {}, surprise: 1 }),
    () => podpass.kubeletRefresh({}),
    () => podpass.inspectCluster(),
    () => podpass.inspectCluster({ surprise: 1 }),
    () => podpass.inspectTokenSecrets({}),
    () => podpass.simulateDiscovery({ cluster: {}, path: "/" }),
    () => podpass.simulateTokenRequest({ cluster: {} }),
  ];
  for (const call of calls) {
    const error = thrownBy(call);
    assert.ok(error instanceof TypeError, `${call}: ${error}`);
    assert.equal(error.code, "ERR_INVALID_OPTIONS", `${call}`);
  }
});

test("now is the clock's where it is left out", () => {
  const before = Date.now() / 1000;
  const { now } = podpass.explain({});
  assert.ok(now >= before && now <= Date.now() / 1000, String(now));
  assert.equal(podpass.explain({ now: 0 }).now, 0);
});

test("a lone surrogate is no error", () => {
  assert.equal(podpass.explain({ manifests: "a: \ud800", now: 1 }).schema, 1);
  assert.equal(podpass.decodeToken("\udfff").ok, false);
});

test("a trap becomes ERR_INTERNAL, and the next call works on a new instance", async (context) => {
  const genuine = WebAssembly.Instance;
  let instances = 0;
  let trap = true;
  // The first instance traps in `explain`, as a panic would (`unreachable`).
  WebAssembly.Instance = function Instance(module, imports) {
    instances += 1;
    const { exports } = new genuine(module, imports);
    return { exports: new Proxy({}, { get: (_, name) => (name === "explain" && trap ? () => { throw new WebAssembly.RuntimeError("unreachable"); } : exports[name]) }) };
  };
  try {
    const fresh = await freshCopy(context);
    assert.equal(fresh.version(), podpass.version());
    const error = thrownBy(() => fresh.explain({ token: "secret", now: 1 }));
    assert.equal(error.code, "ERR_INTERNAL");
    assert.ok(error instanceof fresh.InternalError && fresh.isPodpassError(error));
    assert.match(error.buildId, /^\d+\.\d+\.\d+-[0-9a-f]{12}$/);
    trap = false;
    assert.equal(fresh.explain({ token: "secret", now: 1 }).schema, 1);
    assert.equal(instances, 2);
  } finally {
    WebAssembly.Instance = genuine;
  }
});

test("an instance that has grown large is let go", async (context) => {
  const genuine = WebAssembly.Instance;
  let instances = 0;
  WebAssembly.Instance = function Instance(module, imports) {
    instances += 1;
    return new genuine(module, imports);
  };
  try {
    const fresh = await freshCopy(context);
    fresh.decodeToken("x".repeat(40 * 1024 * 1024));
    assert.equal(fresh.version(), podpass.version());
    assert.equal(instances, 2);
  } finally {
    WebAssembly.Instance = genuine;
  }
});
