/**
 * The one WebAssembly instance. Started on the first call, synchronously, from bytes that the module carries;
 * replaced when it has trapped, for its memory cannot be trusted then, and when it has grown large, for
 * WebAssembly memory never shrinks.
 */

import { createGlue, type Glue } from "podpass:glue";
import { compiledModule } from "podpass:module";

import { type Failure, InternalError } from "./errors.js";
import { errorOf, isMistake } from "./failure.js";

/** Past this the instance is dropped after a call. A 1 MiB document needs about 20 MiB. */
const LARGEST_MEMORY = 64 * 1024 * 1024;
/** Longest token that takes the short way: what the engine keeps room for. */
const ROOM = 8 * 1024;

interface Engine {
  glue: Glue;
  memory: WebAssembly.Memory;
  encoder: TextEncoder;
  decoder: TextDecoder;
  /** Where a token is written for the short way, and where the numbers of its answer lie. */
  room: number;
  told: number;
  views?: Views;
}

/** Views of the memory; growing it detaches them. */
interface Views { bytes: Uint8Array<ArrayBuffer>; room: Uint8Array<ArrayBuffer>; told: Uint32Array<ArrayBuffer> }

let compiled: WebAssembly.Module | undefined;
let engine: Engine | undefined;

/** Takes a compiled module before the first call: `podpass/slim`. */
export function startFrom(module: WebAssembly.Module): void {
  compiled = module;
  engine = undefined;
}

function start(): Engine {
  compiled ??= compiledModule();
  const glue = createGlue();
  const { memory } = glue.initSync({ module: compiled });
  return { glue, memory, encoder: new TextEncoder(), decoder: new TextDecoder(), room: glue.shortWayRoom(), told: glue.shortWayTold() };
}

/** The engine's exports that take and give what the facade does. */
export type Door = Exclude<keyof Glue, "initSync" | "shortWayRoom" | "shortWayTold" | "verifyShortWay" | "decodeShortWay">;

/** Calls the engine; what it throws becomes an `Error`. The shape of the answer is the contract's. */
export function call<Answer>(door: Door, ...given: (string | number)[]): Answer {
  return guarded(({ glue }) => (glue[door] as (...given: (string | number)[]) => unknown)(...given) as Answer);
}

/** What the short way of a token's verification comes to; views are good until the next call of the engine. */
export interface Foreseen { key: number; input: Uint8Array<ArrayBuffer>; signature: Uint8Array<ArrayBuffer>; json: string }

/** The short way of a verification: everything but the signature. `undefined` says nothing of the token. */
export function foresee(verifier: number, token: string, now: number): Foreseen | undefined {
  return guarded((engine) => {
    const length = write(engine, token);
    if (length === 0 || !engine.glue.verifyShortWay(verifier, length, now)) return undefined;
    const { bytes, room, told } = viewsOf(engine);
    const [key, input, signature, signatureLength] = told as unknown as [number, number, number, number];
    return { key, input: room.subarray(0, input), signature: bytes.subarray(signature, signature + signatureLength), json: jsonTold(engine) };
  });
}

/** What a bare token says, and where its header and payload end. */
export interface Bare { json: string; header: number; payload: number }

/** The short way of decoding. `undefined` says nothing of the text. */
export function decodeShortly(text: string): Bare | undefined {
  return guarded((engine) => {
    const length = write(engine, text);
    if (length === 0 || !engine.glue.decodeShortWay(length)) return undefined;
    const { told } = viewsOf(engine);
    return { json: jsonTold(engine), header: told[0] as number, payload: told[1] as number };
  });
}

function write(engine: Engine, text: string): number {
  if (text.length > ROOM) return 0;
  const { read, written } = engine.encoder.encodeInto(text, viewsOf(engine).room);
  return read === text.length ? written : 0;
}

function jsonTold(engine: Engine): string {
  const { bytes, told } = viewsOf(engine);
  const start = told[4] as number;
  return engine.decoder.decode(bytes.subarray(start, start + (told[5] as number)));
}

function viewsOf(engine: Engine): Views {
  const { memory, room, told } = engine;
  const buffer = memory.buffer as ArrayBuffer;
  if (engine.views?.bytes.buffer !== buffer) {
    engine.views = { bytes: new Uint8Array(buffer), room: new Uint8Array(buffer, room, ROOM), told: new Uint32Array(buffer, told, 6) };
  }
  return engine.views;
}

function guarded<Answer>(use: (engine: Engine) => Answer): Answer {
  try {
    engine ??= start();
    return use(engine);
  } catch (thrown) {
    if (isFailure(thrown)) throw errorOf(thrown);
    if (isMistake(thrown)) throw thrown;
    engine = undefined;
    throw fault(thrown);
  } finally {
    if (engine && engine.memory.buffer.byteLength > LARGEST_MEMORY) engine = undefined;
  }
}

/** Which instance it is: what was kept in another one is gone. */
export const instance = (): unknown => (engine ??= guarded((started) => started));

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
