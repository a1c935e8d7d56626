/** What the build makes of the engine: see `scripts/build.mjs`. */

declare module "podpass:bytes" {
  /** The optimised module, as base64. */
  export const BYTES: string;
}

declare module "podpass:module" {
  /** The module: `embedded.ts`, `unstarted.ts` in `podpass/slim`, or `handed.ts` for workerd. */
  export function compiledModule(): WebAssembly.Module;
}

declare module "podpass:core" {
  /** `core.wasm` beside the entries, as a runtime hands it over that compiles modules but no bytes. */
  const core: WebAssembly.Module;
  export default core;
}

declare module "podpass:glue" {
  /** wasm-bindgen's functions over one instance. */
  export interface Glue {
    initSync(options: { module: WebAssembly.Module }): { memory: WebAssembly.Memory };
    checkServiceAccountToken(token: string, keys: string, wanted: string): unknown;
    concludeCheck(verifier: number, token: string, now: number, verdicts: string): unknown;
    concludeVerification(verifier: number, token: string, now: number, verdicts: string): unknown;
    decodeShortWay(length: number): boolean;
    decodeToken(text: string): unknown;
    evaluateFederation(input: string): unknown;
    explain(input: string): unknown;
    inspectCluster(cluster: string): unknown;
    inspectPods(manifests: string, cluster: string): unknown;
    inspectTokenSecrets(objects: string, wanted: string): unknown;
    introduceToken(verifier: number, token: string): unknown;
    keepVerifier(keys: string, wanted: string): number;
    kubeletRefresh(token: string): unknown;
    parseKeys(text: string): unknown;
    releaseVerifier(verifier: number): void;
    reportToMarkdown(report: string): unknown;
    requestSignature(verifier: number, token: string): unknown;
    rotationTimeline(wanted: string): unknown;
    shortWayRoom(): number;
    shortWayTold(): number;
    simulateDiscovery(request: string): unknown;
    simulateTokenRequest(request: string): unknown;
    simulateTokenReview(review: string): unknown;
    verifierKeys(verifier: number): unknown;
    verifyShortWay(verifier: number, length: number, now: number): boolean;
    verifyServiceAccountToken(token: string, keys: string, wanted: string): unknown;
    version(): string;
  }

  /** The glue afresh: an instance that trapped takes its glue with it. */
  export function createGlue(): Glue;
}
