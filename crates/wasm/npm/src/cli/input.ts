/** Files, folders and standard input. */

import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/** What could not be read, or is nothing that is understood. */
export class UnreadableError extends Error {}

/** A text and where it is from; the name is what is shown. */
export interface Source {
  name: string;
  text: string;
  /** Named on the command line, not found in a folder. */
  named: boolean;
}

const STDIN = "-";
/** What is read of a folder. */
const READ = /\.(ya?ml|json)$/i;
/** Larger files are none of ours; the engine's limit of a document is 1 MiB. */
const LARGEST = 4 * 1024 * 1024;

let drained = false;

export function read(path: string): Source {
  if (path !== STDIN) return { name: path, text: textOf(path), named: true };
  if (drained) throw new UnreadableError("standard input can be read once: name files for the rest");
  drained = true;
  if (process.stdin.isTTY) process.stderr.write("podpass: reading standard input until Ctrl-D\n");
  return { name: "stdin", text: textOf(0), named: true };
}

/** The files of a path: itself, or what a folder holds, in order. */
export function walk(path: string): Source[] {
  if (path === STDIN || !isFolder(path)) return [read(path)];
  const entries = readdirSync(path, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  return entries.flatMap((entry) => {
    const inside = join(path, entry.name);
    if (entry.isDirectory()) return entry.name.startsWith(".") || entry.name === "node_modules" ? [] : walk(inside);
    if (!entry.isFile() || !READ.test(entry.name)) return [];
    return [{ name: inside, text: textOf(inside), named: false }];
  });
}

export function json(path: string): object {
  const { name, text } = read(path);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new UnreadableError(`${name}: no JSON: ${(error as Error).message}`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new UnreadableError(`${name}: not a JSON object`);
  return value;
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch (error) {
    throw unreadable(path, error);
  }
}

function textOf(path: string | 0): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw unreadable(path === 0 ? "stdin" : path, error);
  }
  if (bytes.length > LARGEST) throw new UnreadableError(`${path || "stdin"}: ${bytes.length} bytes, more than can be read`);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new UnreadableError(`${path || "stdin"}: not UTF-8`);
  }
}

/** Of the system's error its code alone: its text may quote a token that was taken for a path. */
function unreadable(path: string, error: unknown): UnreadableError {
  const meaning: { [code: string]: string } = { ENOENT: "no such file", EACCES: "not permitted", EISDIR: "a folder" };
  const code = (error as NodeJS.ErrnoException).code ?? "cannot be read";
  return new UnreadableError(`${path}: ${meaning[code] ?? code}`);
}
