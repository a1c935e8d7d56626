/**
 * `podpass/testing`: a cluster for unit tests. It mints the tokens that an API server would mint, serves discovery
 * document and key set on the loopback interface, answers TokenReview, rotates its keys and deletes its pods.
 *
 * Claims, refusals and answers are the engine's (`simulateTokenRequest`, `simulateDiscovery`, `simulateTokenReview`),
 * asked about the objects that exist at that moment; only the signatures are made here, with Node's crypto.
 */

import { randomUUID } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import type { Server as HttpsServer } from "node:https";
import { join } from "node:path";

import type { Cluster, TokenReviewStatus } from "./api.js";
import { simulateDiscovery, simulateTokenRequest, simulateTokenReview } from "./index.js";
import type * as contract from "./testing/api.js";
import type { KubernetesObject, MintOptions, ObjectKey, RequestedToken, TestCluster, TokenRequest } from "./testing/api.js";
import { serverIdentity } from "./testing/certificate.js";
import { LiveObjects, timestamp } from "./testing/objects.js";
import { listen, type Reply, statusOf } from "./testing/server.js";
import { Signer } from "./testing/signer.js";

/** The `iss` of legacy tokens, in every cluster. */
const LEGACY_ISSUER = "kubernetes/serviceaccount";

/** Starts a cluster on a free port of the loopback interface. */
export const createTestCluster: typeof contract.createTestCluster = async (options = {}) => {
  const { tls = true, publicDiscovery = true, flags = {} } = options;
  const clock = options.now ?? (() => Date.now() / 1000);
  const signer = new Signer(options.algorithm ?? "RS256");
  const objects = new LiveObjects();
  let identity = tls ? serverIdentity() : undefined;

  const { server, port } = await listen(identity, {
    discovery: published,
    user: (authorization) => (authorization === undefined ? { name: "system:anonymous", groups: ["system:unauthenticated"] } : userOf(authorization)),
    allows: (user, verb, path) => {
      if (user.name !== "system:anonymous") return options.allows?.(user, verb, path) ?? true;
      return publicDiscovery && /^\/(\.well-known|openid)\//.test(path);
    },
    tokenRequest,
    tokenReview,
  });
  const address = `127.0.0.1:${port}`;
  const url = `${tls ? "https" : "http"}://${address}`;
  const issuer = options.issuer ?? url;

  function live(): Cluster {
    return { externalAddress: address, ...flags, issuers: [issuer], objects: objects.text, objectsComplete: true };
  }

  /** An API server publishes nothing under http (K84); without TLS its documents are made for https and told with http. */
  function published(path: string): ReturnType<typeof simulateDiscovery> {
    if (tls) return simulateDiscovery({ cluster: live(), keys: signer.pem, path });
    const cluster = { ...live(), issuers: [issuer.replace(url, `https://${address}`)] };
    const answer = simulateDiscovery({ cluster, keys: signer.pem, path });
    return answer.body === undefined ? answer : { ...answer, body: answer.body.replaceAll(`https://${address}`, url) };
  }

  function review(token: string, audiences?: string[]): TokenReviewStatus {
    return simulateTokenReview({ token, keys: signer.pem, cluster: live(), now: clock(), ...(audiences ? { audiences } : {}) }).status;
  }

  function userOf(authorization: string): { name: string; groups: string[] } | undefined {
    const { status } = simulateTokenReview({ authorization, keys: signer.pem, cluster: live(), now: clock() });
    return status.authenticated && status.user ? { name: status.user.username, groups: status.user.groups } : undefined;
  }

  function requestToken(request: TokenRequest): RequestedToken {
    const answer = simulateTokenRequest({ now: clock(), ...request, cluster: live(), jti: randomUUID() });
    if (answer.error) throw Object.assign(new Error(answer.error.message), { code: answer.error.code, httpStatus: answer.error.httpStatus });
    const { claims, reply, warnings } = answer;
    if (!claims || !reply) throw new Error("the engine answered neither claims nor an error");
    return { token: signer.sign(claims), claims, ...reply, warnings };
  }

  function ensure(kind: string, name: string, namespace: string, more: object = {}): KubernetesObject {
    return objects.get({ kind, name, namespace }) ?? objects.create({ kind, metadata: { name, namespace }, ...more }, clock());
  }

  function mint(wanted: MintOptions = {}): string {
    const { namespace = "default", serviceAccount = "default", pod, node, secret, audiences, expirationSeconds, now } = wanted;
    ensure("ServiceAccount", serviceAccount, namespace);
    if (node !== undefined) ensure("Node", node, namespace);
    if (secret !== undefined) ensure("Secret", secret, namespace);
    if (pod !== undefined) ensure("Pod", pod, namespace, { spec: { serviceAccountName: serviceAccount, ...(node === undefined ? {} : { nodeName: node }) } });
    return requestToken({
      serviceAccount: { namespace, name: serviceAccount },
      ...(pod === undefined ? {} : { pod: { name: pod } }),
      ...(secret === undefined ? {} : { secret: { name: secret } }),
      ...(node === undefined || pod !== undefined ? {} : { node: { name: node } }),
      ...(audiences === undefined ? {} : { audiences: [audiences].flat() }),
      ...(expirationSeconds === undefined ? {} : { expirationSeconds }),
      ...(now === undefined ? {} : { now }),
    }).token;
  }

  function mintLegacy(wanted: { namespace?: string; serviceAccount?: string; secret?: string } = {}): string {
    const { namespace = "default", serviceAccount = "default", secret = `${serviceAccount}-token` } = wanted;
    const { uid = "" } = ensure("ServiceAccount", serviceAccount, namespace).metadata;
    const token = signer.sign({
      iss: LEGACY_ISSUER,
      "kubernetes.io/serviceaccount/namespace": namespace,
      "kubernetes.io/serviceaccount/secret.name": secret,
      "kubernetes.io/serviceaccount/service-account.name": serviceAccount,
      "kubernetes.io/serviceaccount/service-account.uid": uid,
      sub: `system:serviceaccount:${namespace}:${serviceAccount}`,
    });
    const annotations = { "kubernetes.io/service-account.name": serviceAccount, "kubernetes.io/service-account.uid": uid };
    const data = { namespace: base64(namespace), token: base64(token) };
    objects.create({ kind: "Secret", type: "kubernetes.io/service-account-token", metadata: { name: secret, namespace, annotations }, data }, clock());
    return token;
  }

  function tokenRequest(serviceAccount: { namespace: string; name: string }, body: unknown): Reply {
    const { spec = {} } = body as { spec?: { audiences?: string[]; expirationSeconds?: number; boundObjectRef?: { kind: string; name: string; uid?: string } } };
    const { audiences, expirationSeconds, boundObjectRef: bound } = spec;
    const member = ({ Pod: "pod", Secret: "secret", Node: "node" } as { [kind: string]: string })[bound?.kind ?? ""];
    try {
      const answer = requestToken({
        serviceAccount,
        ...(audiences === undefined ? {} : { audiences }),
        ...(expirationSeconds === undefined ? {} : { expirationSeconds }),
        ...(bound && member !== undefined ? { [member]: { name: bound.name, ...(bound.uid === undefined ? {} : { uid: bound.uid }) } } : {}),
      });
      const metadata = { ...serviceAccount, creationTimestamp: timestamp(clock()) };
      const status = { token: answer.token, expirationTimestamp: timestamp(answer.expirationTimestamp) };
      const asked = { audiences: answer.claims["aud"], expirationSeconds: answer.expirationSeconds, boundObjectRef: bound ?? null };
      return { status: 201, body: { kind: "TokenRequest", apiVersion: "authentication.k8s.io/v1", metadata, spec: asked, status } };
    } catch (error) {
      return refused(error);
    }
  }

  function tokenReview(body: unknown): Reply {
    const { spec = {} } = body as { spec?: { token?: string; audiences?: string[] } };
    try {
      const status = review(spec.token ?? "", spec.audiences);
      return { status: 201, body: { kind: "TokenReview", apiVersion: "authentication.k8s.io/v1", metadata: { creationTimestamp: null }, spec, status } };
    } catch (error) {
      return refused(error);
    }
  }

  function remove({ gracePeriodSeconds = 0, ...key }: ObjectKey & { gracePeriodSeconds?: number }): boolean {
    return objects.delete(key, clock(), gracePeriodSeconds);
  }

  return {
    url,
    issuer,
    jwksUri: `${url}/openid/v1/jwks`,
    get ca() {
      return identity?.ca;
    },
    get jwks() {
      const { body, error } = published("/openid/v1/jwks");
      if (body === undefined) throw new Error(`this cluster publishes no keys: ${error ?? "its issuer is no https URL"}`);
      return JSON.parse(body) as TestCluster["jwks"];
    },
    get cluster() {
      return live();
    },
    mint,
    requestToken,
    mintLegacy,
    sign: (claims) => signer.sign(claims),
    review,
    create: (object) => void objects.create(object, clock()),
    delete: remove,
    deletePod: (pod) => remove({ kind: "Pod", ...pod }),
    deleteServiceAccount: (account) => remove({ kind: "ServiceAccount", ...account }),
    rotateKeys: ({ algorithm } = {}) => {
      signer.rotate(algorithm);
      return { kid: signer.kid };
    },
    withdrawOldKeys: () => signer.withdraw(),
    rotateCertificates: () => {
      if (!identity) return;
      identity = serverIdentity();
      (server as HttpsServer).setSecureContext({ key: identity.key, cert: identity.cert });
    },
    mount: (folder, wanted = {}) => {
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, "token"), mint(wanted));
      writeFileSync(join(folder, "namespace"), wanted.namespace ?? "default");
      if (identity) writeFileSync(join(folder, "ca.crt"), identity.ca);
      return folder;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const base64 = (text: string): string => Buffer.from(text).toString("base64");

/** A refusal as `metav1.Status`; a body that is no request of its kind is a bad request. */
function refused(thrown: unknown): Reply {
  const error = thrown as Error & { code?: string; httpStatus?: number };
  return error.httpStatus === undefined ? statusOf(400, "BadRequest", error.message) : statusOf(error.httpStatus, error.code ?? "", error.message);
}
