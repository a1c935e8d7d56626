/** What the build makes of the engine: see `scripts/build.mjs`. */

declare module "podpass:bytes" {
  /** The optimised module, as base64. */
  export const BYTES: string;
}

declare module "podpass:glue" {
  /** wasm-bindgen's functions over one instance. */
  export interface Glue {
    initSync(options: { module: WebAssembly.Module }): { memory: WebAssembly.Memory };
    checkServiceAccountToken(token: string, keys: string, wanted: string): unknown;
    decodeToken(text: string): unknown;
    evaluateFederation(input: string): unknown;
    explain(input: string): unknown;
    inspectCluster(cluster: string): unknown;
    inspectPods(manifests: string, cluster: string): unknown;
    inspectTokenSecrets(objects: string, wanted: string): unknown;
    kubeletRefresh(token: string): unknown;
    parseKeys(text: string): unknown;
    reportToMarkdown(report: string): unknown;
    rotationTimeline(wanted: string): unknown;
    simulateDiscovery(request: string): unknown;
    simulateTokenRequest(request: string): unknown;
    simulateTokenReview(review: string): unknown;
    verifyServiceAccountToken(token: string, keys: string, wanted: string): unknown;
    version(): string;
  }

  /** The glue afresh: an instance that trapped takes its glue with it. */
  export function createGlue(): Glue;
}
