/**
 * podpass: will this pod's token be accepted, and until when?
 *
 * Plain functions on plain data; all of them are synchronous and read neither file nor network. Times are
 * seconds since 1970 (RFC 7519 NumericDate). Where `now` is left out, it is the current time.
 *
 * Functions that judge (`check*`, `inspect*`, `evaluate*`, `explain`, `decodeToken`, `parseKeys`) answer with
 * a report whatever the data is; `verifyServiceAccountToken` throws a `PodpassError`. A call that makes no
 * sense (an unknown option, a number where a text belongs) is a `TypeError`.
 */

import type { Check, Cluster, Finding, Fix, Json, ProviderError, Span, UnixTime, Verdict } from "./shapes.js";

export * from "./errors.js";
export * from "./shapes.js";

// ---------------------------------------------------------------- token

/**
 * `bound`: has the `kubernetes.io` claim, for the API server. `external`: has it, for somebody else.
 * `legacy-secret`: from a Secret of type kubernetes.io/service-account-token.
 */
export type TokenKind = "bound" | "legacy-secret" | "external" | "not-kubernetes";
export interface ServiceAccountRef { namespace: string; name: string; uid?: string }
export interface ObjectRef { name: string; uid?: string }

/** A token as far as it could be read. Nothing in it is verified. */
export interface DecodedToken {
  /** Well-formed. Says nothing of the signature. */
  ok: boolean;
  kind?: TokenKind;
  /** The token as found in the text. */
  compact?: string;
  /** What was stripped or opened to find it: `bearer`, `quotes`, `line-wraps`, `secret-data`, ... */
  unwrapped: string[];
  header?: { [member: string]: Json };
  /** Exactly the payload. A claim named `__proto__` is a member like any other. */
  claims?: { [member: string]: Json };
  serviceAccount?: ServiceAccountRef;
  pod?: ObjectRef;
  node?: ObjectRef;
  secret?: ObjectRef;
  issuer?: string;
  audiences: string[];
  subject?: string;
  id?: string;
  issuedAt?: UnixTime;
  notBefore?: UnixTime;
  expiresAt?: UnixTime;
  warnAfter?: UnixTime;
  /** The API server signed a year instead of the hour that was asked for. */
  extended: boolean;
  /** Header, payload, signature. */
  segments?: Span[];
  checks: Check[];
}

/**
 * Reads a token, bare or as it was pasted: with `Bearer`, quotes, line wraps, inside a Secret or TokenRequest.
 *
 * @example
 * const token = decodeToken(pasted);
 * if (token.ok) console.log(token.serviceAccount?.name, token.audiences);
 */
export function decodeToken(text: string): DecodedToken;

// ---------------------------------------------------------------- verification

/** Every key of a text, in its order, used or ignored with the reason. */
export interface KeySet {
  keys: KeyInfo[];
  checks: Check[];
  /** Set if the text is an OIDC discovery document; then there are no keys. */
  discovery?: { issuer: string; jwksUri: string };
}
export interface KeyInfo {
  kid?: string;
  kty: string;
  alg?: string;
  bits?: number;
  curve?: string;
  use: "used" | "ignored";
  reason?: string;
  /** The id that the API server derives of the key; it serves where none is written. */
  derivedKid?: string;
}

/**
 * Reads a JWKS, one JWK, PEM blocks or a discovery document.
 *
 * @example
 * for (const key of parseKeys(jwks).keys) console.log(key.kid, key.use, key.reason ?? "");
 */
export function parseKeys(text: string): KeySet;

export interface VerifyOptions {
  /** Whom you trust. `null`: deliberately anybody who has the key. */
  issuer: string | string[] | null;
  /** What you answer to. `null`: deliberately anything. */
  audience: string | string[] | null;
  now?: UnixTime;
  /** Default: RS256-512, PS256-512, ES256-512, EdDSA. Symmetric ones and `none` are never accepted. */
  algorithms?: string[];
  /** Seconds; default 60, as the API server. */
  clockTolerance?: number;
  /** Seconds since `iat`. */
  maxTokenAge?: number;
  /** Tokens of Secrets; default false. */
  allowLegacy?: boolean;
  expect?: { namespace?: string; serviceAccount?: string; pod?: string; node?: string };
}

export interface VerifiedToken {
  header: { [member: string]: Json };
  claims: { [member: string]: Json };
  kind: TokenKind;
  serviceAccount: ServiceAccountRef;
  pod?: ObjectRef;
  node?: ObjectRef;
  issuer: string;
  audiences: string[];
  issuedAt?: UnixTime;
  expiresAt?: UnixTime;
  key: { kid?: string; alg: string };
}

/**
 * Verifies a token, taken to the letter, and throws the first check that fails.
 *
 * It cannot know offline whether the pod or the account was deleted since: only TokenReview does.
 *
 * @example
 * try {
 *   const { serviceAccount } = verifyServiceAccountToken(token, jwks, {
 *     issuer: "https://oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLE",
 *     audience: "https://auth-service.internal",
 *   });
 *   console.log(`hello ${serviceAccount.namespace}/${serviceAccount.name}`);
 * } catch (error) {
 *   if (isPodpassError(error)) console.log(error.code);
 *   else throw error;
 * }
 */
export function verifyServiceAccountToken(token: string, keys: string | object, options: VerifyOptions): VerifiedToken;

/** Every check of a token, and whether all of them hold. */
export interface CheckedToken {
  ok: boolean;
  token: DecodedToken;
  keys: KeySet;
  checks: Check[];
}

/**
 * The same judgement with every check listed; bad data is no exception.
 *
 * @example
 * const { ok, checks } = checkServiceAccountToken(token, jwks, { issuer: null, audience: "vault" });
 * for (const check of checks) console.log(check.status, check.id, check.title);
 */
export function checkServiceAccountToken(token: string, keys: string | object, options: VerifyOptions): CheckedToken;

// ---------------------------------------------------------------- what the API server issues and publishes

export interface ClusterReport {
  /** Flags with their defaults filled in. `maxTokenExpiration`: `null` without a cap. */
  effective: {
    issuer: string;
    acceptedIssuers: string[];
    apiAudiences: string[];
    maxTokenExpiration: number | null;
    maxExtendedExpiration: number;
  };
  /** What keeps a component from starting, as it prints it; of the EKS webhook nothing is known to. */
  errors: {
    component: "kube-apiserver" | "eks-pod-identity-webhook" | "azure-workload-identity-webhook";
    message: string;
  }[];
  findings: Finding[];
}

/**
 * What follows from the flags of the API server, and what would keep it from starting with them.
 *
 * @example
 * const { effective, errors } = inspectCluster({ issuers: ["https://new.example", "https://old.example"] });
 * console.log(effective.apiAudiences, errors.map((error) => error.message));
 */
export function inspectCluster(cluster: Cluster): ClusterReport;

export interface TokenRequestInput {
  cluster: Cluster;
  /** `uid`: the request's `metadata.uid`, a precondition. */
  serviceAccount: ServiceAccountRef;
  /** What it is bound to; a node beside a pod is that pod's node. */
  pod?: ObjectRef & { nodeName?: string };
  secret?: ObjectRef;
  node?: ObjectRef;
  /** Default: the API server's own. */
  audiences?: string[];
  /** Default 3600. */
  expirationSeconds?: number;
  now?: UnixTime;
  /** What the API server draws by chance; left out it reads `xxxxx`. */
  jti?: string;
  /** Asked by this node's kubelet. `authorizedAudiences`: what RBAC lets it ask for, whatever the pod says. */
  kubelet?: { node: string; authorizedAudiences?: string[] };
}

export interface TokenRequestAnswer {
  /** Unsigned. */
  claims?: { [member: string]: Json };
  /** What the kubelet goes by; it does not tell of an extension. */
  reply?: { expirationSeconds: number; expirationTimestamp: UnixTime };
  warnings: string[];
  /** To the letter. */
  error?: ProviderError;
}

/**
 * The claims that the API server would sign, or its error. An object that is not in `cluster.objects` is assumed
 * to exist as asked for, unless `cluster.objectsComplete`.
 *
 * @example
 * const { claims, error } = simulateTokenRequest({
 *   cluster: { maxTokenExpiration: 86400 },
 *   serviceAccount: { namespace: "shop", name: "cart" },
 *   expirationSeconds: 604800,
 * });
 */
export function simulateTokenRequest(request: TokenRequestInput): TokenRequestAnswer;

export interface DiscoveryInput {
  cluster: Cluster;
  /** Those of `--service-account-key-file`, in their order. */
  keys: string | object;
  /** `/.well-known/openid-configuration`, `/openid/v1/jwks`; any other is not found. */
  path: string;
  /** The `Accept` header of the request; none, or an empty one: any form will do. */
  accept?: string;
}

export interface DiscoveryAnswer {
  /** 200, 404 or, where `accept` names no form that is served, 406. */
  status: number;
  headers: { [lowerCaseName: string]: string };
  /** To the letter; of a 404 or 406 not told. */
  body?: string;
  /** Why nothing is published, as the API server logs it; of a 406 what it answers. */
  error?: string;
}

/**
 * What GET of a discovery path answers a caller who may read it. Give `cluster.jwksUri` or `cluster.externalAddress`:
 * without either, the key set has no address.
 *
 * @example
 * const cluster = { issuers: ["https://issuer.example"], externalAddress: "10.0.0.1:6443" };
 * console.log(simulateDiscovery({ cluster, keys: pem, path: "/openid/v1/jwks" }).body);
 */
export function simulateDiscovery(request: DiscoveryInput): DiscoveryAnswer;

export interface TokenSecret {
  namespace: string;
  name: string;
  /** Whose token it is, if type and annotations say so and that account exists. */
  serviceAccount?: ServiceAccountRef;
  rejected?: ProviderError;
  /** UTC date. */
  lastUsed?: string;
  /** UTC date. */
  invalidSince?: string;
  /** What the cleaner of legacy tokens does at `now`, and why. */
  cleanUp: "none" | "mark-invalid" | "delete";
  reason: string;
}

/**
 * Every Secret among the objects: whose legacy token it holds, and what the cleaner does with it.
 *
 * @example
 * const secrets = inspectTokenSecrets(objects, { cleanUpPeriod: 90 * 86400 });
 * console.log(secrets.filter((secret) => secret.cleanUp !== "none"));
 */
export function inspectTokenSecrets(objects: string, options?: { cleanUpPeriod?: number; now?: UnixTime }): TokenSecret[];

// ---------------------------------------------------------------- TokenReview

export interface TokenReviewInput {
  /** `spec.token`, to the letter: nothing is unwrapped. */
  token?: string;
  /** Instead of a token: the `Authorization` header of a request to the API server. */
  authorization?: string;
  keys: string | object;
  /** The one that answers. */
  cluster: Cluster;
  /** `spec.audiences`; default: the API server's own. */
  audiences?: string[];
  now?: UnixTime;
}

/** As in authentication.k8s.io/v1. */
export interface TokenReviewStatus {
  authenticated: boolean;
  /** The anonymous user, which a token with a blank before it is answered with, has no `uid`. */
  user?: { username: string; uid: string; groups: string[]; extra?: { [key: string]: string[] } };
  /** Of those asked for, the token's. */
  audiences?: string[];
  /** To the letter. */
  error?: string;
}

export interface TokenReviewAnswer {
  /** `unknown` where keys or objects are unknown; then `status` is the answer if they are in order. */
  verdict: Verdict;
  status: TokenReviewStatus;
  /** Of the audit event of a request made with this token. */
  auditAnnotations: { [key: string]: string };
  checks: Check[];
}

/**
 * What TokenReview would answer about a token, or what a request with this header would get.
 *
 * @example
 * const { status } = simulateTokenReview({ token, keys: jwks, cluster: { issuers: ["https://issuer.example"] } });
 * console.log(status.user?.username ?? status.error);
 */
export function simulateTokenReview(review: TokenReviewInput): TokenReviewAnswer;

// ---------------------------------------------------------------- pods

/** What becomes of one pod, or of the pods of one workload. */
export interface PodReport {
  workload: { kind: string; name: string; namespace: string; span: Span };
  serviceAccount: { name: string; namespace: string; defaulted: boolean; span?: Span };
  /** The Pod after admission and webhooks, also when it is then refused. */
  admitted: Json;
  /** Who added what, as RFC 6902. */
  injected: {
    by: "serviceaccount-admission" | "eks-pod-identity-webhook" | "azure-workload-identity-webhook";
    patch: Json[];
  }[];
  /** The first refusal. */
  rejected?: ProviderError;
  /** Admitted, but its volumes cannot be set up. */
  stuck?: ProviderError;
  tokens: ProjectedToken[];
  findings: Finding[];
}

/** A token source of a pod, followed to files and variables. */
export interface ProjectedToken {
  volume: string;
  path: string;
  /** `null`: the API server's. */
  audience: string | null;
  expirationSeconds: number;
  injectedBy?: string;
  span?: Span;
  /** Sources with equal keys share one token. */
  cacheKey: string;
  mounts: {
    container: string;
    file: string;
    subPath?: string;
    mode: string;
    uid: number;
    gid: number;
    refreshed: boolean;
    env: string[];
  }[];
}

/**
 * What the API server and its webhooks make of every pod in the manifests.
 *
 * @example
 * for (const pod of inspectPods(yaml).pods)
 *   for (const token of pod.tokens) console.log(token.audience, token.mounts.map((mount) => mount.file));
 */
export function inspectPods(manifests: string, cluster?: Cluster): {
  pods: PodReport[];
  serviceAccounts: ServiceAccountRef[];
  findings: Finding[];
  checks: Check[];
};

// ---------------------------------------------------------------- rotation

export interface Window { earliest: UnixTime; latest: UnixTime }

/**
 * When the kubelet asks for a new token, and when the file changes. `null`: not before it has expired.
 *
 * @example
 * const refresh = kubeletRefresh({ expirationTimestamp: 1_700_003_607, expirationSeconds: 3607 });
 * console.log(refresh?.due);
 */
export function kubeletRefresh(token: { expirationTimestamp: UnixTime; expirationSeconds?: number }): {
  due: Window;
  fileChanges: Window;
} | null;

export interface Timeline {
  now: UnixTime;
  from: UnixTime;
  to: UnixTime;
  lanes: Lane[];
  /** The reader's first failing call. */
  firstFailure?: { at: UnixTime; lane: string; reason: string; error?: ProviderError };
}
export interface Lane {
  id: string;
  kind: "pod" | "token" | "file" | "reader" | "session";
  label: string;
  spans: LaneSpan[];
  events: LaneEvent[];
}
export interface LaneSpan { from: UnixTime; to: UnixTime; state: string; label: string }
export interface LaneEvent { at: UnixTime; window?: Window; kind: string; label: string; rule?: string }

/** What happens to the pod, the kubelet and the keys. */
export interface Scenario {
  /** How the application reads its file; default `rereads`. */
  reader?: "rereads" | "cached-at-start" | "client-go" | "aws-sdk";
  podDeletedAt?: UnixTime;
  /** Default 30. */
  gracePeriodSeconds?: number;
  signingKeyRotatedAt?: UnixTime;
  /** Seconds the kubelet's clock is ahead. */
  kubeletClockSkew?: number;
  /** How many refreshes are shown; default 3. */
  rotations?: number;
  tokenRequestsFail?: Window;
  kubeletRestartedAt?: UnixTime;
}

export interface TimelineOptions {
  /** Its times count; else the fields below. */
  token?: string;
  expirationSeconds?: number;
  audience?: string;
  issuedAt?: UnixTime;
  cluster?: Cluster;
  scenario?: Scenario;
  now?: UnixTime;
}

/**
 * The life of a pod's token: issued, due, replaced, expired, and what a reader of the file notices.
 *
 * @example
 * const { firstFailure } = rotationTimeline({
 *   issuedAt: 1_700_000_000,
 *   expirationSeconds: 3600,
 *   scenario: { reader: "cached-at-start" },
 * });
 * console.log(firstFailure?.reason);
 */
export function rotationTimeline(options: TimelineOptions): Timeline;

// ---------------------------------------------------------------- federation

/** A trust document as its vendor's tool prints it; the system is recognised, `system` overrides. */
export type TrustDocument = { [S in System]: { text: string; system?: S; facts?: Facts[S] } }[System];
export type System = keyof Facts;

/** What no document says, by system. */
export interface Facts {
  "kubernetes": { audiences?: string[] };
  "aws-irsa": AwsFacts;
  "aws-pod-identity": AwsFacts & {
    association?: { namespace: string; serviceAccount: string; roleArn: string } | null;
    clusterArn?: string;
  };
  "azure": IssuerFacts & {
    clientId?: string;
    clientExists?: boolean;
    tenantId?: string;
    identityKind?: "application" | "userAssignedIdentity";
    cloud?: string;
  };
  "gke": {
    serviceAccount?: { email?: string; exists?: boolean };
    resource?: { name: string; permission?: string; roles?: string[]; policy: string };
  };
  "gcp-wif": IssuerFacts & {
    providerExists?: boolean;
    requestAudience?: string;
    impersonate?: { email: string; exists?: boolean; policy?: string };
    credentialConfig?: string;
  };
  "vault-jwt": VaultFacts;
  "vault-kubernetes": VaultFacts & { tokenReview?: { authenticated: boolean; audiences?: string[] } };
  "kubernetes-jwt": { serviceAccountIssuers?: string[] };
  "fulcio": {};
  "oidc": IssuerFacts;
}

/** Whether discovery document and key set answer on the public internet; default true. */
export interface IssuerFacts { issuerReachable?: boolean }
export interface VaultFacts { roleName?: string; roleExists?: boolean; config?: string; remoteAddress?: string }
export interface AwsFacts extends IssuerFacts {
  roleArn?: string;
  roleExists?: boolean;
  maxSessionDuration?: number;
  /** All IAM OIDC providers; default: the one that the policy names, listing the token's audience. */
  providers?: { arn: string; clientIDList: string[]; thumbprintList?: string[] }[];
  issuerCertificate?: { publiclyTrusted: boolean; thumbprint?: string };
  stsActiveInRegion?: boolean;
  roleSessionName?: string;
  durationSeconds?: number;
  providerId?: string;
  action?: "sts:AssumeRoleWithWebIdentity" | "sts:TagSession" | "sts:SetSourceIdentity" | "sts:AssumeRole";
  requestContext?: { [conditionKey: string]: string | string[] };
}

/** Where a system says no. */
export type Stage =
  | "document" | "request" | "region" | "client" | "role" | "association" | "metadata-server" | "provider"
  | "format" | "claims" | "lifetime" | "time" | "credentials" | "issuer" | "subject" | "audience" | "discovery"
  | "algorithm" | "keys" | "signature" | "objects" | "trust-policy" | "session-tags" | "session" | "mapping"
  | "condition" | "claim-rules" | "user-rules" | "user-claim" | "bound-claims" | "service-account" | "namespace"
  | "token-review" | "impersonation" | "resource";

/** What one system says of the token. */
export interface FederationOutcome {
  system: System;
  document?: number;
  title: string;
  verdict: Verdict;
  /** AWS: what the policy alone decides. */
  decision?: "allowed" | "explicit-deny" | "implicit-deny";
  /** The stage that failed first. */
  stage: Stage | null;
  checks: Check[];
  /** Of that stage. */
  error?: ProviderError;
  /** The vendor would not store this document: nothing is evaluated. */
  rejected?: ProviderError;
  grant?: Grant;
  /** `kubernetes`: what a TokenReview of the token would show; where objects are unknown, if they are in order. */
  tokenReview?: TokenReviewStatus;
  reach: Reach;
  findings: Finding[];
  fixes: Fix[];
}

/** Who the caller then is. */
export interface Grant { principal: string; expiresAt?: UnixTime; detail?: { [member: string]: Json } }

/** Everybody whom a document admits, not only this token. */
export interface Reach {
  subjects: { pattern: string; meaning: string }[];
  breadth: "one" | "namespace" | "cluster" | "anyone" | "none" | "unknown";
  admitted?: ServiceAccountRef[];
}

export interface FederationOptions {
  /** To the letter; its signature is judged with `keys`. */
  token?: string;
  /** Instead of a token: claims that count as verified. */
  claims?: { [member: string]: Json };
  keys?: string | object;
  trust: (string | TrustDocument)[];
  /** The one that issued the token. */
  cluster?: Cluster;
  now?: UnixTime;
}

/**
 * Would these systems let the token in, and if not, where does each stop? One outcome per document.
 *
 * @example
 * const [aws] = evaluateFederation({ token, keys: jwks, trust: [trustPolicy] });
 * console.log(aws?.verdict, aws?.stage, aws?.error?.message);
 */
export function evaluateFederation(options: FederationOptions): FederationOutcome[];

// ---------------------------------------------------------------- all of it

export interface ExplainInput {
  token?: string;
  jwks?: string;
  manifests?: string;
  trust?: (string | TrustDocument)[];
  cluster?: Cluster;
  scenario?: Scenario;
  now?: UnixTime;
}

export interface Report {
  schema: 1;
  now: UnixTime;
  token?: DecodedToken;
  keys?: KeySet;
  verification: Check[];
  pods: PodReport[];
  timeline?: Timeline;
  federation: FederationOutcome[];
  findings: Finding[];
  /** One sentence. */
  summary: string;
}

/**
 * Everything that can be said of what was pasted, in one report.
 *
 * @example
 * const report = explain({ token, jwks, manifests, trust: [trustPolicy] });
 * console.log(report.summary);
 */
export function explain(input: ExplainInput): Report;

/**
 * A report as Markdown for a ticket. The token is redacted.
 *
 * @example
 * console.log(reportToMarkdown(explain({ token })));
 */
export function reportToMarkdown(report: Report): string;

/**
 * The version of the engine, which is the package's.
 *
 * @example
 * console.log(version());
 */
export function version(): string;
