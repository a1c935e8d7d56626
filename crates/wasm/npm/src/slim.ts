/**
 * podpass without its WebAssembly module inside: bring it yourself, then everything is as in `podpass`.
 *
 * ```js
 * import { init, decodeToken } from "podpass/slim";
 *
 * await init(new URL("podpass/core.wasm", import.meta.url));
 * ```
 */

import { startFrom } from "./engine.js";
import { wrongArgument } from "./failure.js";

export * from "./errors.js"; // said again: a bundle loses what it re-exports by two steps
export * from "./index.js";

/** Takes the module: its bytes, a response that brings them, a compiled module, or where to fetch it. */
export async function init(source: BufferSource | Response | PromiseLike<Response> | WebAssembly.Module | URL | string): Promise<void> {
  const given = typeof source === "string" || source instanceof URL ? fetch(source) : source;
  startFrom(await compiledOf(await given));
}

/** The same at once, from bytes or a compiled module. Browsers refuse large modules on their main thread: use `init`. */
export function initSync(source: BufferSource | WebAssembly.Module): void {
  startFrom(source instanceof WebAssembly.Module ? source : new WebAssembly.Module(bytesOf(source)));
}

async function compiledOf(source: BufferSource | Response | WebAssembly.Module): Promise<WebAssembly.Module> {
  if (source instanceof WebAssembly.Module) return source;
  if (typeof Response === "undefined" || !(source instanceof Response)) return WebAssembly.compile(bytesOf(source as BufferSource));
  if (!source.ok) throw new Error(`podpass: fetching core.wasm was answered with ${source.status}`);
  const streams = source.headers.get("content-type")?.startsWith("application/wasm") && WebAssembly.compileStreaming !== undefined;
  return streams ? WebAssembly.compileStreaming(source) : WebAssembly.compile(await source.arrayBuffer());
}

function bytesOf(source: unknown): BufferSource {
  if (source instanceof ArrayBuffer || ArrayBuffer.isView(source)) return source as BufferSource;
  throw wrongArgument("source must be the module's bytes, a WebAssembly.Module, a Response or a URL");
}
