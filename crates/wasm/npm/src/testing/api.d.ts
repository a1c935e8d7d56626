/**
 * `podpass/testing`: a cluster for unit tests. It mints the tokens that an API server would mint, serves discovery
 * document and key set on the loopback interface, answers TokenReview, rotates its keys and deletes its pods.
 *
 * @example
 * const cluster = await createTestCluster();
 * const token = cluster.mint({ namespace: "shop", serviceAccount: "cart", pod: "cart-1", audiences: "orders" });
 * verifyServiceAccountToken(token, cluster.jwks, { issuer: cluster.issuer, audience: "orders" });
 * cluster.deletePod({ namespace: "shop", name: "cart-1" });
 * cluster.review(token, ["orders"]).authenticated; // false: only TokenReview sees it
 * await cluster.close();
 */

import type { Cluster, Json, ObjectRef, ServiceAccountRef, TokenReviewStatus, UnixTime } from "../api.js";

/** What API servers sign with, whoever holds the key. */
export type SigningAlgorithm = "RS256" | "ES256" | "ES384" | "ES512";

/** A Kubernetes object as JSON. What the API server fills in (uid, creationTimestamp, namespace) may be left out. */
export interface KubernetesObject {
  apiVersion?: string;
  kind: string;
  metadata: { name: string; namespace?: string; uid?: string; [member: string]: unknown };
  [member: string]: unknown;
}

/** What names an object; the namespace is `default` where the kind has one and none is given. */
export interface ObjectKey {
  kind: string;
  name: string;
  namespace?: string;
}

export interface TestClusterOptions {
  /** Of the first signing key; default RS256. */
  algorithm?: SigningAlgorithm;
  /** What `iss` says; default: `url`, so that discovery finds its way. */
  issuer?: string;
  /** Further flags of the API server. */
  flags?: Omit<Cluster, "issuers" | "objects" | "objectsComplete">;
  /** false: plain http. No API server does that; the documents are then the same, with http in their URLs. Default true. */
  tls?: boolean;
  /** The clock; default: the real one. */
  now?: () => UnixTime;
  /** Whether discovery document and key set are served to anybody, as by the cloud providers; default true. */
  publicDiscovery?: boolean;
  /** Stands for RBAC; default: ServiceAccounts may do everything that is served. */
  allows?: (user: { name: string; groups: string[] }, verb: string, path: string) => boolean;
}

/** Whose token, for what. What it names and does not exist is created first. */
export interface MintOptions {
  /** Default `default`. */
  namespace?: string;
  /** Name of the ServiceAccount; default `default`. */
  serviceAccount?: string;
  /** The pod that it is bound to. */
  pod?: string;
  /** The pod's node; without a pod, the node that it is bound to. */
  node?: string;
  /** The Secret that it is bound to. */
  secret?: string;
  /** Default: the API server's own. */
  audiences?: string | string[];
  /** Default 3600; at least 600, as everywhere. */
  expirationSeconds?: number;
  /** Issued then; default: now. */
  now?: UnixTime;
}

/** A TokenRequest to the letter: the engine's input without the cluster. */
export interface TokenRequest {
  serviceAccount: ServiceAccountRef;
  pod?: ObjectRef & { nodeName?: string };
  secret?: ObjectRef;
  node?: ObjectRef;
  audiences?: string[];
  expirationSeconds?: number;
  now?: UnixTime;
  kubelet?: { node: string; authorizedAudiences?: string[] };
}

export interface RequestedToken {
  token: string;
  claims: { [member: string]: Json };
  expirationSeconds: number;
  expirationTimestamp: UnixTime;
  warnings: string[];
}

export interface TestCluster {
  /** Where it listens: `https://127.0.0.1:PORT`. */
  readonly url: string;
  readonly issuer: string;
  /** Where the key set is; for verifiers that skip discovery. */
  readonly jwksUri: string;
  /** PEM of the authority that the server's certificate is from; undefined without TLS. */
  readonly ca: string | undefined;
  /** The key set as it is published now. */
  readonly jwks: { keys: { kid: string; [member: string]: Json }[] };
  /** The cluster as the engine takes it: flags, and the objects that exist now. */
  readonly cluster: Cluster;
  /** Mints a token, and creates account, pod, node and Secret where they are missing. */
  mint(options?: MintOptions): string;
  /** Answers a TokenRequest about what exists. Throws what the API server says: `code` is its reason, `httpStatus` its status. */
  requestToken(request: TokenRequest): RequestedToken;
  /** A legacy token, that lives in a Secret and does not expire; account and Secret are created where they are missing. */
  mintLegacy(options?: { namespace?: string; serviceAccount?: string; secret?: string }): string;
  /** Signs any claims with the present key: for tokens that no API server would mint. */
  sign(claims: object): string;
  /** Answers a TokenReview. */
  review(token: string, audiences?: string[]): TokenReviewStatus;
  /** Stores an object, in place of one of the same name; it gets a new uid unless it brings one. */
  create(object: KubernetesObject): void;
  /** Deletes an object; with a grace period it is marked and stays. false: there is none. */
  delete(object: ObjectKey & { gracePeriodSeconds?: number }): boolean;
  deletePod(pod: { name: string; namespace?: string; gracePeriodSeconds?: number }): boolean;
  deleteServiceAccount(account: { name: string; namespace?: string }): boolean;
  /** From now on a new key signs. The old ones still verify and are still published, until they are withdrawn. */
  rotateKeys(options?: { algorithm?: SigningAlgorithm }): { kid: string };
  /** Only the key that signs now verifies and is published. */
  withdrawOldKeys(): void;
  /** A new authority and a new certificate; `ca` is the new one's. */
  rotateCertificates(): void;
  /** Writes `token`, `ca.crt` and `namespace` into a folder, as they stand in a container. Returns the folder. */
  mount(folder: string, options?: MintOptions): string;
  close(): Promise<void>;
}

/** Starts a cluster on a free port of the loopback interface: ask it over http, or through its methods. */
export function createTestCluster(options?: TestClusterOptions): Promise<TestCluster>;
