/** Who checks signatures, by name. */

import { wrongArgument } from "../failure.js";
import { WebSignatures } from "../webcrypto.js";
import type { Crypto } from "./keys.js";

const WAYS: { [name: string]: Crypto } = {
  wasm: { kind: "engine" },
  webcrypto: { kind: "later", of: (jwks) => new WebSignatures(jwks) },
};

export function cryptoNamed(name: unknown): Crypto {
  const crypto = typeof name === "string" && Object.hasOwn(WAYS, name) ? WAYS[name] : undefined;
  if (!crypto) throw wrongArgument("crypto must be wasm, webcrypto or, in podpass/node, host");
  return crypto;
}
