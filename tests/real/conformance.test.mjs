/** What the engine predicts beside what a real API server answers: one server for each set of flags, cases side by side. */
import { after, before, describe, it } from "node:test";

import { ApiServer, Ground } from "./lib/cluster.mjs";
import { newKey } from "./lib/keys.mjs";
import { populate } from "./lib/world.mjs";
import { tokenRequests } from "./suites/requests.mjs";

const OLD = { rsa: newKey("rsa"), p521: newKey("p521") };

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
  "cap of a day, no lookup, two issuers, P-384 with old keys": {
    name: "loose",
    cluster: { issuers: ["https://new.example/a", "http://old.example"], maxTokenExpiration: 86_400, serviceAccountLookup: false },
    signer: newKey("p384"),
    older: [OLD.rsa, OLD.p521],
  },
};

let ground;
before(async () => {
  ground = await Ground.lay();
});
after(() => ground.clear());

for (const [title, { older = [], signer = newKey("rsa"), ...flags }] of Object.entries(FLAG_SETS)) {
  describe(title, () => {
    let server;
    before(async () => {
      server = await ApiServer.start(ground, { ...flags, signer, keys: [signer, ...older] });
      await populate(server);
    });
    after(() => server.stop());

    it("TokenRequest", (test) => tokenRequests(test, server));
  });
}
