/** What goes into the engine: texts, and options as JSON. */

import { wrongArgument } from "./failure.js";

/** A pasted text. */
export function textOf(value: unknown, name: string): string {
  if (typeof value !== "string") throw wrongArgument(`${name} must be a string`);
  return value;
}

/** A document: its text, or the object that the text would parse to. */
export function documentOf(value: unknown, name: string): string {
  if (typeof value === "string") return value;
  if (typeof value !== "object" || value === null) throw wrongArgument(`${name} must be a string or an object`);
  return jsonOf(value);
}

/** Options that are judged at an instant: the clock fills `now` in where it is left out. */
export function optionsOf(value: unknown, name: string): string {
  const options: { now?: unknown } = objectOf(value, name);
  return jsonOf(options.now === undefined ? { ...options, now: Date.now() / 1000 } : options);
}

/** Any other object. */
export function plainOf(value: unknown, name: string): string {
  return jsonOf(objectOf(value, name));
}

function objectOf(value: unknown, name: string): object {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw wrongArgument(`${name} must be an object`);
  return value;
}

/** JSON without JSON's silences: what it would turn into `null` or drop is refused. */
function jsonOf(value: object): string {
  return JSON.stringify(value, (member, one: unknown) => {
    switch (typeof one) {
      case "bigint": case "function": case "symbol":
        throw wrongArgument(`member \`${member}\` is a ${typeof one}`);
      case "number":
        if (!Number.isFinite(one)) throw wrongArgument(`member \`${member}\` is ${one}`);
        return one;
      // A lone surrogate has no UTF-8; it becomes U+FFFD, so that every other position stays.
      case "string": return one.replace(/\p{Surrogate}/gu, "\ufffd");
      default: return one;
    }
  });
}
