/** Tokens of other issuers at an API server that trusts them by AuthenticationConfiguration, and the files it refuses (R20 to R30a). */
import { ApiServer, APISERVER, flagsOf, groundFlags, ISSUER } from "../lib/cluster.mjs";
import { AUTHENTICATORS, claimsFor, FILES, issuerName, VALUES } from "../lib/authenticators.mjs";
import { evaluateFederation } from "../lib/engine.mjs";
import { Issuers } from "../lib/issuer.mjs";
import { KINDS, mint, newKey, part } from "../lib/keys.mjs";
import { Chance, Matrix, sideBySide, thinned } from "../lib/matrix.mjs";
import { changed, places } from "../lib/odd-tokens.mjs";
import { failure, freePorts, start, stop, until } from "../lib/processes.mjs";

const SYSTEM = "kubernetes-jwt";
const facts = { serviceAccountIssuers: [ISSUER] };

/** A server, the issuers that it trusts, and their keys. */
export class Trusting {
  static async start(ground) {
    const trusting = new Trusting();
    trusting.keys = Object.fromEntries(KINDS.map((kind) => [kind, newKey(kind)]));
    trusting.issuers = await Issuers.serve(ground, Object.values(trusting.keys));
    trusting.configs = AUTHENTICATORS.map(({ issuer, ...more }, index) => ({
      issuer: { url: trusting.issuers.url(issuerName(index)), certificateAuthority: ground.read("ca.crt"), ...issuer }, ...more,
    }));
    const file = ground.write("authentication.json", trusting.document(...trusting.configs));
    trusting.server = await ApiServer.start(ground, { name: "trusting", more: [`--authentication-config=${file}`] });
    await sideBySide(trusting.configs, (_, index) => trusting.initialised(index));
    return trusting;
  }

  document(...jwt) {
    return JSON.stringify({ apiVersion: "apiserver.config.k8s.io/v1", kind: "AuthenticationConfiguration", jwt });
  }

  /** Keys are fetched after the start. */
  initialised(index) {
    const token = this.token(index, this.claims(index));
    return until(this.server.program, async () => !/not initialized/.test((await this.server.review(token)).error));
  }

  claims(index) {
    return claimsFor(this.issuers.url(issuerName(index)), Math.floor(Date.now() / 1000));
  }

  token(_, claims, { kind = "rsa", header, alg } = {}) {
    const key = this.keys[kind];
    return mint(key, claims, { header: header ?? { alg: alg ?? key.alg, kid: kind }, alg });
  }

  async compare(matrix, name, index, token) {
    const now = Date.now() / 1000;
    const { authenticated = false, user, error } = await this.server.review(token);
    const real = authenticated ? { authenticated, user: { username: "", ...user } } : { authenticated, error: timeless(error) };
    const [outcome] = evaluateFederation({ token, keys: this.issuers.jwks, trust: [{ system: SYSTEM, text: this.document(this.configs[index]), facts }], now });
    matrix.add(`${JSON.stringify(AUTHENTICATORS[index])}: ${name}`, predicted(outcome), real);
  }

  async stop() {
    await this.server.stop();
    await this.issuers.close();
  }
}

/** The server tells its own time to the nanosecond, and since when it runs. */
const timeless = (error) => error?.replace(/current time .* before/, "current time NOW before");

function predicted({ verdict, grant, error, rejected }) {
  if (rejected) return { rejected: rejected.message };
  if (verdict !== "allow") return { authenticated: false, error: timeless(error?.message) };
  const { uid, groups, extra } = grant.detail;
  return { authenticated: true, user: { username: grant.principal, uid: uid === "" ? undefined : uid, groups, extra: extra && Object.keys(extra).length > 0 ? extra : undefined } };
}

export async function trustedTokens(test, trusting) {
  const matrix = new Matrix();
  const questions = AUTHENTICATORS.flatMap((_, index) => {
    const claims = trusting.claims(index);
    const now = claims.iat;
    const odd = places(claims).filter(([first]) => first !== "iss").flatMap((path) => VALUES.map((value) => [`${path.join(".")} is ${JSON.stringify(value)}`, changed(claims, path, value)]));
    const times = { exp: [now - 3600, now - 2, now + 7200, 1e300, "1", "4102444800"], nbf: [now + 30, now + 7200, 1.5e9], iat: [now + 3600, -1] };
    const timed = Object.entries(times).flatMap(([name, values]) => values.map((value) => [`${name} is ${value}`, changed(claims, [name], value)]));
    const expiredForOther = changed(changed(claims, ["aud"], ["other"]), ["exp"], now - 60);
    return [["as it is", claims], ["expired, for others", expiredForOther], ...timed, ...(index < 3 ? odd : thinned(odd, { every: 8, from: index % 8 }))]
      .map(([name, payload]) => [name, index, trusting.token(index, payload)]);
  });
  await sideBySide(questions, ([name, index, token]) => trusting.compare(matrix, name, index, token));
  matrix.settle(test);
}

/** Headers, algorithms, keys and payloads: what is judged before any claim. */
export async function trustedForms(test, trusting) {
  const matrix = new Matrix();
  const claims = trusting.claims(0);
  const text = JSON.stringify(claims);
  const token = trusting.token(0, claims);
  const [header, payload, signature] = token.split(".");
  const stranger = newKey("rsa");
  const headers = [{}, { alg: "RS256" }, { alg: "RS256", kid: "" }, { alg: "RS256", kid: "unknown" }, { alg: "RS256", kid: 1 }, { kid: "rsa" }, { alg: "none", kid: "rsa" }, { alg: "HS256", kid: "rsa" }, { alg: "ES256", kid: "rsa" }, { alg: "RS256", kid: "p256" }, { alg: "EdDSA", kid: "rsa" }, { alg: 1 },
    { alg: "RS256", kid: "rsa", crit: ["exp"] }, { alg: "RS256", kid: "rsa", crit: [] }, { alg: "RS256", kid: "rsa", crit: "x" }, { alg: "RS256", kid: "rsa", typ: 1 }, { alg: "RS256", kid: "rsa", jwk: stranger.jwk }, { alg: "RS256", kid: "rsa", jwk: {} }, { alg: "RS256", kid: "rsa", x5c: ["x"] }, { alg: "RS256", kid: "rsa", b64: false }, { alg: "RS256", kid: "rsa", nonce: 1 }];
  const payloads = ["[]", "null", '"x"', "", "x", `${text}x`, text.replace('"iss"', '"ISS"'), text.replace('"aud"', '"Aud"'), text.replace('"sub"', '"SUB"'), text.replace("{", '{"sub":"first",'), text.replace("{", '{"iss":"https://first.example",'), text.replace("{", '{"aud":"first",'),
    text.replace('"aud":["hub"]', '"aud":[1]'), text.replace('"aud":["hub"]', '"aud":{}'), text.replace("{", '{"_claim_names":{"groups":"src"},'), text.replace("{", '{"_claim_names":{"groups":"src"},"_claim_sources":{"src":{}},')];
  const tokens = [
    ...headers.map((one) => [`header ${JSON.stringify(one)}`, mint(trusting.keys.rsa, claims, { header: one })]),
    ...payloads.map((one) => [`payload ${one.slice(0, 60)}`, trusting.token(0, one)]),
    ...["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"].map((alg) => [alg, trusting.token(0, claims, { alg })]),
    ...["p256", "p384", "p521"].flatMap((kind) => [["right", undefined], ["ES256", "ES256"], ["ES512", "ES512"]].map(([name, alg]) => [`${kind} ${name}`, trusting.token(0, claims, { kind, alg })])),
    ["a stranger's", mint(stranger, claims)], ["a stranger's with the kid", mint(stranger, claims, { header: { alg: "RS256", kid: "rsa" } })], ["a stranger's without kid", mint(stranger, claims, { header: { alg: "RS256" } })],
    ["two parts", `${header}.${payload}`], ["four parts", `${token}.x`], ["no signature", `${header}.${payload}.`], ["other payload", `${header}.${part({ ...claims, sub: "x" })}.${signature}`], ["padded", `${header}.${payload}=.${signature}`], ["line feed", `${header}.\n${payload}.${signature}`],
    ["standard alphabet", `${header}.${payload}.${Buffer.from(signature, "base64url").toString("base64").replaceAll("=", "")}`], ["another issuer", trusting.token(0, { ...claims, iss: `${claims.iss}/` })],
  ];
  await sideBySide(tokens, ([name, one]) => trusting.compare(matrix, name, 0, one));
  matrix.settle(test);
}

/** Several oddities at once, at any authenticator. */
export async function trustedFaults(test, trusting, { seed, count }) {
  const matrix = new Matrix();
  const chance = new Chance(seed);
  const questions = Array.from({ length: count }, (_, at) => {
    const index = chance.below(AUTHENTICATORS.length);
    let claims = trusting.claims(index);
    for (let left = 1 + chance.below(3); left > 0; left -= 1) {
      claims = changed(claims, chance.one(places(claims).filter(([first]) => first !== "iss")), chance.one(VALUES));
    }
    return [`seed ${seed}, ${at}: ${JSON.stringify(claims)}`, index, trusting.token(index, claims, { kind: chance.one(KINDS) })];
  });
  await sideBySide(questions, ([name, index, token]) => trusting.compare(matrix, name, index, token));
  matrix.settle(test);
}

/** What keeps the server from starting. */
export async function refusedFiles(test, ground) {
  const matrix = new Matrix();
  const key = newKey("rsa");
  const [signing, verifying] = [ground.write("refused.key", key.privatePem), ground.write("refused.pub", key.publicPem)];
  const ports = await freePorts(FILES.length);
  await sideBySide(FILES, async (text, index) => {
    const program = start(APISERVER, [
      ...groundFlags(ground, "refused", ports[index]), `--service-account-signing-key-file=${signing}`, `--service-account-key-file=${verifying}`, ...flagsOf({}),
      `--authentication-config=${ground.write(`refused-${index}.yaml`, text)}`,
    ], ground.file(`refused-${index}.log`));
    const [outcome] = evaluateFederation({ trust: [{ system: SYSTEM, text, facts }], now: 0 });
    const seconds = outcome.rejected ? 20 : 4;
    await until(program, () => false, seconds).catch(() => {});
    await stop(program);
    // The file is named by its path, which the engine does not know.
    const said = failure(program.log)?.replace(/^failed to load authentication configuration from file "[^"]*": /, "");
    matrix.add(text.slice(0, 1500), outcome.rejected?.message, said);
  }, 3);
  matrix.settle(test);
}
