/**
 * Made the keys beside this file, once: `node tests/keys/make.mjs`. It refuses to overwrite them, for every
 * token in `cases/` is signed by one. They guard nothing and are public: never trust them outside tests.
 */
import { generateKeyPairSync } from "node:crypto";
import { existsSync, writeFileSync } from "node:fs";

const KEYS = {
  "cluster-rsa": ["rsa", { modulusLength: 2048 }],
  "cluster-p256": ["ec", { namedCurve: "P-256" }],
  "other-rsa": ["rsa", { modulusLength: 2048 }],
};

for (const [name, [type, options]] of Object.entries(KEYS)) {
  const file = new URL(`${name}.pem`, import.meta.url);
  if (existsSync(file)) throw new Error(`${file.pathname} is there already`);
  writeFileSync(file, generateKeyPairSync(type, options).privateKey.export({ type: "pkcs8", format: "pem" }));
}
