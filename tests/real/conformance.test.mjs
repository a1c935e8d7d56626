/** What the engine predicts beside what a real API server answers: one server for each set of flags, cases side by side. */
import { after, before, describe, it } from "node:test";

import { ApiServer, Ground, ISSUER } from "./lib/cluster.mjs";
import { newKey } from "./lib/keys.mjs";
import { NAMESPACE, populate } from "./lib/world.mjs";
import { refusedFiles, Trusting, trustedFaults, trustedForms, trustedTokens } from "./suites/authentication-config.mjs";
import { discovery, verification } from "./suites/discovery.mjs";
import { deletions, keyRotation, leeway, legacyTokens, proof, timeBorders } from "./suites/lives.mjs";
import { generatedPods, podsOfCases } from "./suites/pods.mjs";
import { tokenRequests } from "./suites/requests.mjs";
import { faultyTokens, issuedTokens, oddTokens } from "./suites/reviews.mjs";
import { startUpErrors } from "./suites/start-up.mjs";

/** Flags as the engine takes them, what signs and verifies; `once`: the suites that depend on neither run here. */
const FLAG_SETS = {
  "default flags": { name: "default", cluster: {}, once: true },
  "cap of an hour, no extension, P-256, two issuers, api-audiences": {
    name: "strict",
    cluster: {
      issuers: ["https://new.example", "https://old.example"], apiAudiences: ["api", "https://new.example"], maxTokenExpiration: 3600, extendTokenExpiration: false,
      jwksUri: "https://keys.example/jwks?a=1",
    },
    signer: newKey("p256"),
  },
  "cap of a day, no lookup, three issuers, P-384 with old keys": {
    name: "loose",
    cluster: { issuers: ["http://new.example/a", "https://old.example", "kubernetes/serviceaccount"], maxTokenExpiration: 86_400, serviceAccountLookup: false },
    signer: newKey("p384"),
    older: [newKey("rsa"), newKey("p521")],
  },
  "an old key first, P-521": {
    name: "old-first", cluster: { issuers: [ISSUER, "https://other.example"], jwksUri: "https://keys.example/b" }, signer: newKey("p521"), older: [newKey("p384"), newKey("rsa")], oldFirst: true,
  },
};

/** Accepts pods as they come: it fills in the API's defaults, and nothing for ServiceAccounts. */
const DEFAULTER = { name: "defaulter", cluster: { disableAdmissionPlugins: ["ServiceAccount"] } };

/** What runs meanwhile: a failure is told when somebody asks for the outcome, not before. */
function settled(promise) {
  const outcome = promise.then((value) => () => value, (error) => () => {
    throw error;
  });
  return async () => (await outcome)();
}

let ground;
before(async () => {
  ground = await Ground.lay();
});
after(() => ground.clear());

describe("flags", () => {
  it("start-up errors", (test) => startUpErrors(test, ground));
  it("the signing key and the issuer change", (test) => keyRotation(test, ground));
});

describe("AuthenticationConfiguration", () => {
  let trusting;
  before(async () => {
    trusting = await Trusting.start(ground);
  });
  after(() => trusting.stop());

  it("forms, keys and algorithms", (test) => trustedForms(test, trusting));
  it("claims of every kind at every authenticator", (test) => trustedTokens(test, trusting));
  it("tokens with several faults", (test) => trustedFaults(test, trusting, { seed: 20_261_127, count: 400 }));
  it("files that are refused", (test) => refusedFiles(test, ground));
});

describe("admission", () => {
  let server, defaulter;
  before(async () => {
    server = await ApiServer.start(ground, { name: "admission" });
    defaulter = await ApiServer.start(ground, DEFAULTER);
    for (const one of [server, defaulter]) await one.ensureNamespace(NAMESPACE);
  });
  after(() => Promise.all([server.stop(), defaulter.stop()]));

  it("generated pods", (test) => generatedPods(test, server, defaulter, { seed: 20_261_127, count: 600 }));
  it("pods of case files", (test) => podsOfCases(test, server, defaulter));
});

for (const [place, [title, { older = [], oldFirst = false, once = false, signer = newKey("rsa"), ...flags }]] of Object.entries(FLAG_SETS).entries()) {
  describe(title, () => {
    // What the flags change is seen in a part of the questions, another in each set.
    const share = once ? { every: 1, from: 0 } : { every: 4, from: place % 4 };
    let server, aboutDeletions;
    before(async () => {
      server = await ApiServer.start(ground, { ...flags, signer, keys: oldFirst ? [...older, signer] : [signer, ...older] });
      await populate(server);
    });
    after(() => server.stop());

    it("TokenReview before and after deletions", async (test) => {
      const doomed = await deletions(test, server);
      if (once) aboutDeletions = settled(leeway(server, doomed));
    });
    it("TokenRequest", (test) => tokenRequests(test, server, share));
    it("TokenReview of issued tokens", (test) => issuedTokens(test, server));
    it("TokenReview of odd tokens", (test) => oddTokens(test, server, share));
    it("TokenReview of tokens with several faults", (test) => faultyTokens(test, server, { seed: 20_261_127, count: 600 / share.every }));
    it("TokenReview of legacy tokens", (test) => legacyTokens(test, server));
    it("discovery", (test) => discovery(test, server));
    if (!once) return;
    it("the package verifies tokens with the published keys", (test) => verification(test, server));
    it("TokenReview about the borders of time claims", (test) => timeBorders(test, server));
    it("403 with a pod's token before the pod is deleted, 401 after", (test) => proof(test, server));
    it("TokenReview about the instants at which deletions count", async (test) => (await aboutDeletions()).settle(test));
  });
}
