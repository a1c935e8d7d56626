/**
 * The one WebAssembly instance. Started on the first call, synchronously, from bytes that the module carries;
 * replaced when it has trapped, for its memory cannot be trusted then, and when it has grown large, for
 * WebAssembly memory never shrinks.
 */

import { BYTES } from "podpass:bytes";
import { createGlue, type Glue } from "podpass:glue";

import { type Failure, InternalError } from "./errors.js";
import { errorOf } from "./failure.js";

/** Past this the instance is dropped after a call. A 1 MiB document needs about 20 MiB. */
const LARGEST_MEMORY = 64 * 1024 * 1024;

interface Engine {
  glue: Glue;
  memory: WebAssembly.Memory;
}

let compiled: WebAssembly.Module | undefined;
let engine: Engine | undefined;

function start(): Engine {
  compiled ??= new WebAssembly.Module(bytesOf(BYTES));
  const glue = createGlue();
  const { memory } = glue.initSync({ module: compiled });
  return { glue, memory };
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let index = 0; index < text.length; index += 1) bytes[index] = text.charCodeAt(index);
  return bytes;
}

/** The engine's exports that take and give what the facade does. */
export type Door = Exclude<keyof Glue, "initSync">;

/** Calls the engine; what it throws becomes an `Error`. The shape of the answer is the contract's. */
export function call<Answer>(door: Door, ...texts: string[]): Answer {
  try {
    engine ??= start();
    const open = engine.glue[door] as (...texts: string[]) => unknown;
    return open(...texts) as Answer;
  } catch (thrown) {
    if (isFailure(thrown)) throw errorOf(thrown);
    engine = undefined;
    throw fault(thrown);
  } finally {
    if (engine && engine.memory.buffer.byteLength > LARGEST_MEMORY) engine = undefined;
  }
}

function isFailure(thrown: unknown): thrown is Failure {
  return typeof thrown === "object" && thrown !== null && !(thrown instanceof Error) && "details" in thrown;
}

/** A trap, or memory that ran out. Of the cause only its kind is told: nobody knows what its text quotes. */
function fault(thrown: unknown): InternalError {
  const kind = thrown instanceof Error ? thrown.constructor.name : typeof thrown;
  const message = `podpass failed inside (${kind}); the engine was started anew. Please report it with the input's shape, not the token`;
  return new InternalError({ name: "InternalError", code: InternalError.code, message, details: { buildId: BUILD_ID } });
}

/** Which build it was: the version and the start of the module's SHA-256. Set by the build. */
declare const BUILD_ID: string;
