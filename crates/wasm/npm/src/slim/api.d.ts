/**
 * podpass/slim: `podpass` without its WebAssembly module inside. Bring it with `init` or `initSync`; then everything
 * is as in `podpass`.
 *
 * @example
 * import { init, decodeToken } from "podpass/slim";
 *
 * await init(new URL("podpass/core.wasm", import.meta.url));
 */

export * from "../api.js";

/** The runtime's own types, where its declarations are at hand. */
type Global<Name extends string> = typeof globalThis extends { [name in Name]: { prototype: infer Found } } ? Found : never;
type Module = typeof globalThis extends { WebAssembly: { Module: { prototype: infer Found } } } ? Found : object;
type Bytes = ArrayBuffer | ArrayBufferView;

/** Takes the module: its bytes, a response that brings them, a compiled module, or where to fetch it. Call it once, before anything else. */
export function init(source: Bytes | Module | Global<"Response"> | PromiseLike<Global<"Response">> | Global<"URL"> | string): Promise<void>;
/** The same at once, from bytes or a compiled module. Browsers refuse large modules on their main thread: use `init`. */
export function initSync(source: Bytes | Module): void;
