/** Issuers of tokens, served over https on the loopback address: one for each name, all with the same keys. */
import { createServer } from "node:https";

export class Issuers {
  /** `keys`: what is published, under ids of its own. */
  static async serve(ground, keys) {
    const issuers = new Issuers();
    issuers.jwks = JSON.stringify({ keys: keys.map((key) => ({ use: "sig", kid: key.kind, alg: key.alg, ...key.jwk })) });
    const credentials = { cert: ground.read("issuer.crt"), key: ground.read("issuer.key") };
    issuers.server = createServer(credentials, (request, answer) => issuers.answer(request, answer));
    await new Promise((resolve) => issuers.server.listen(0, "127.0.0.1", resolve));
    return issuers;
  }

  url(name) {
    return `https://127.0.0.1:${this.server.address().port}/${name}`;
  }

  answer({ url }, answer) {
    const [, name, rest] = /^\/([^/]+)\/(.*)$/.exec(url) ?? [];
    const documents = {
      ".well-known/openid-configuration": { issuer: this.url(name), jwks_uri: `${this.url(name)}/keys` },
      keys: JSON.parse(this.jwks),
    };
    const document = documents[rest];
    answer.writeHead(document ? 200 : 404, { "content-type": "application/json" });
    answer.end(document ? JSON.stringify(document) : "");
  }

  close() {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(resolve));
  }
}
