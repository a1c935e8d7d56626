/** The module that the package carries, as base64: `podpass:module` of every entry but `podpass/slim` and those for workerd. */

import { BYTES } from "podpass:bytes";

/** What Node and newer engines have for it. */
interface Decoders { Buffer?: { from(text: string, encoding: "base64"): Uint8Array<ArrayBuffer> }; Uint8Array: { fromBase64?(text: string): Uint8Array<ArrayBuffer> } }

/** Decoded by the fastest means at hand: by hand it takes longer than compiling. */
export function compiledModule(): WebAssembly.Module {
  const { Buffer, Uint8Array: bytes } = globalThis as unknown as Decoders;
  return new WebAssembly.Module(Buffer?.from(BYTES, "base64") ?? bytes.fromBase64?.(BYTES) ?? byHand(atob(BYTES)));
}

function byHand(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length);
  for (let index = 0; index < text.length; index += 1) bytes[index] = text.charCodeAt(index);
  return bytes;
}
