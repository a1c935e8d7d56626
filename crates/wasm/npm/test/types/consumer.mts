// A user's module: every function, and what its answer is good for.
import {
  type Cluster, type FederationOutcome, type Report, type Stage, TokenExpiredError, checkServiceAccountToken,
  decodeToken, evaluateFederation, explain, inspectPods, inspectCluster, inspectTokenSecrets, isPodpassError, kubeletRefresh,
  parseKeys, reportToMarkdown, rotationTimeline, simulateDiscovery, simulateTokenRequest, simulateTokenReview, verifyServiceAccountToken, version,
} from "podpass";
import { type ErrorCode, PodpassError } from "podpass/errors";
import { type IssuerConfig, type KeyStore, type Verifier, createVerifier } from "podpass/jwks";
import { type Guard, createVerifier as createNodeVerifier, guard, tokenReviewer } from "podpass/node";
import { init, initSync, version as slimVersion } from "podpass/slim";
import { type TestCluster, createTestCluster } from "podpass/testing";

const cluster: Cluster = { issuers: ["https://issuer.example"], webhooks: { eks: false } };
const report: Report = explain({ token: "", trust: ["", { system: "aws-irsa", text: "", facts: { roleExists: false } }], cluster });
const outcome: FederationOutcome | undefined = report.federation[0];
const stage: Stage | null | undefined = outcome?.stage;

export const texts: string[] = [reportToMarkdown(report), version(), decodeToken("").audiences.join(), stage ?? ""];
export const kids: (string | undefined)[] = parseKeys("").keys.map((key) => key.kid);
export const files: string[] = inspectPods("").pods.flatMap((pod) => pod.tokens.flatMap((token) => token.mounts.map((mount) => mount.file)));
export const due: number | undefined = kubeletRefresh({ expirationTimestamp: 1 })?.due.latest;
export const failure: number | undefined = rotationTimeline({ scenario: { reader: "aws-sdk" } }).firstFailure?.at;
export const ok: boolean = checkServiceAccountToken("", { keys: [] }, { issuer: null, audience: ["a"] }).ok;
export const user: string | undefined = simulateTokenReview({ token: "t", keys: { keys: [] }, cluster }).status.user?.username;
export const cap: number | null = inspectCluster(cluster).effective.maxTokenExpiration;
export const cleaned: string[] = inspectTokenSecrets("", { now: 0 }).map((secret) => secret.cleanUp);
export const served: number = simulateDiscovery({ cluster, keys: "", path: "/openid/v1/jwks" }).status;
export const granted: number | undefined =
  simulateTokenRequest({ cluster, serviceAccount: { namespace: "n", name: "s" }, kubelet: { node: "n" } }).reply?.expirationSeconds;
export const breadth: "one" | "namespace" | "cluster" | "anyone" | "none" | "unknown" | undefined =
  evaluateFederation({ claims: { sub: "x" }, trust: [""] })[0]?.reach.breadth;

export function codeOf(token: string): ErrorCode | undefined {
  try {
    verifyServiceAccountToken(token, "", { issuer: "i", audience: null, expect: { pod: "p" } });
  } catch (error) {
    if (error instanceof TokenExpiredError || error instanceof PodpassError) return error.code;
    if (isPodpassError(error)) return error.code;
  }
  return undefined;
}

export async function tokenFor(audience: string): Promise<string> {
  const cluster: TestCluster = await createTestCluster({ algorithm: "ES256", flags: { maxTokenExpiration: 7200 } });
  const kid: string | undefined = cluster.jwks.keys[0]?.kid;
  return cluster.mint({ serviceAccount: kid ?? "cart", audiences: audience });
}

const issuer: IssuerConfig = { issuer: "https://issuer.example", aliases: ["https://issuer.example/"], audience: ["a"], discovery: true };
const store: KeyStore = { get: async () => null, set: async (_key, _value, _seconds) => {} };
export const verifier: Verifier = createVerifier({ issuers: [issuer], store, cache: { maxEntries: 10 }, crypto: "webcrypto", now: () => 0 });
export const leave: () => void = verifier.on("refreshError", ({ code, nextAttemptAt }) => [code, nextAttemptAt]);
export const stale = async (token: string): Promise<true | undefined> => (await verifier.verify(token)).stale;
export const protect: Guard = guard(createNodeVerifier({ issuers: ["in-cluster", { issuer: "in-cluster", audience: "a" }, issuer] }), { tokenReview: tokenReviewer({ cache: { ttlMs: 1 } }) });
export const started: Promise<void> = init(new Uint8Array()).then(() => initSync(new ArrayBuffer(0)));
export const slim: string = slimVersion();
