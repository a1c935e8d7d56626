/** What the engine predicts beside what a real API server answers: one server for each set of flags, cases side by side. */
import { after, before, describe, it } from "node:test";

import { ApiServer, Ground } from "./lib/cluster.mjs";
import { newKey } from "./lib/keys.mjs";
import { populate } from "./lib/world.mjs";
import { deletions, leeway, legacyTokens, proof, timeBorders } from "./suites/lives.mjs";
import { tokenRequests } from "./suites/requests.mjs";
import { faultyTokens, issuedTokens, oddTokens } from "./suites/reviews.mjs";

/** Flags as the engine takes them, and what signs and verifies. */
const FLAG_SETS = {
  "default flags": { name: "default", cluster: {} },
  "cap of an hour, no extension, P-256, two issuers, api-audiences": {
    name: "strict",
    cluster: {
      issuers: ["https://new.example", "https://old.example"], apiAudiences: ["api", "https://new.example"], maxTokenExpiration: 3600, extendTokenExpiration: false,
    },
    signer: newKey("p256"),
  },
  "cap of a day, no lookup, three issuers, P-384 with old keys": {
    name: "loose",
    cluster: { issuers: ["https://new.example/a", "http://old.example", "kubernetes/serviceaccount"], maxTokenExpiration: 86_400, serviceAccountLookup: false },
    signer: newKey("p384"),
    older: [newKey("rsa"), newKey("p521")],
  },
};

let ground;
before(async () => {
  ground = await Ground.lay();
});
after(() => ground.clear());

for (const [title, { older = [], signer = newKey("rsa"), ...flags }] of Object.entries(FLAG_SETS)) {
  describe(title, () => {
    let server, doomed;
    before(async () => {
      server = await ApiServer.start(ground, { ...flags, signer, keys: [signer, ...older] });
      await populate(server);
    });
    after(() => server.stop());

    it("TokenReview before and after deletions", async (test) => {
      doomed = await deletions(test, server);
    });
    it("TokenRequest", (test) => tokenRequests(test, server));
    it("TokenReview of issued tokens", (test) => issuedTokens(test, server));
    it("TokenReview of odd tokens", (test) => oddTokens(test, server));
    it("TokenReview of tokens with several faults", (test) => faultyTokens(test, server, { seed: 20_261_127, count: 600 }));
    it("TokenReview of legacy tokens", (test) => legacyTokens(test, server));
    it("TokenReview about the borders of time claims", (test) => timeBorders(test, server));
    it("403 with a pod's token before the pod is deleted, 401 after", (test) => proof(test, server));
    it("TokenReview about the instants at which deletions count", (test) => leeway(test, server, doomed));
  });
}
