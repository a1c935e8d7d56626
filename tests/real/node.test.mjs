/** What the engine predicts beside what a real kubelet does; only root can mount what it mounts. */
import { after, before, describe, it } from "node:test";

import { ApiServer, Ground } from "./lib/cluster.mjs";
import { newKey } from "./lib/keys.mjs";
import { auditedServer, Kubelet, KUBELET } from "./lib/kubelet.mjs";
import { nodeFiles } from "./suites/kubelet.mjs";

if (KUBELET !== undefined) {
  describe("a kubelet", () => {
    const node = {};
    let ground;
    before(async () => {
      ground = await Ground.lay();
      const signer = newKey("p256");
      const flags = { name: "node", signer };
      [node.server, node.lax] = await Promise.all([auditedServer(ground, flags), ApiServer.start(ground, { ...flags, cluster: { disableAdmissionPlugins: ["ServiceAccount"] } })]);
      node.kubelet = await Kubelet.start(ground, node.server);
    });
    after(async () => {
      await Promise.all([node.kubelet, node.lax, node.server].map((program) => program?.stop()));
      await ground.clear();
    });

    it("TokenRequests, files and events of pods", (test) => nodeFiles(test, node, { seed: 20_261_127, count: 60 }));
  });
}
