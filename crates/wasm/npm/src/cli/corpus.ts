/**
 * Manifests of many files as the one text that the engine takes, and the way back: a span in that text to the file
 * and line that a person can open.
 */

import type { Span } from "../api.js";
import { type Source, UnreadableError } from "./input.js";

export interface Place {
  file: string;
  line: number;
  column: number;
  /** UTF-16 offsets in the file. */
  start: number;
  end: number;
}

/** What the engine takes as one document. */
const LARGEST = 1024 * 1024;

interface Part {
  source: Source;
  offset: number;
}

export class Corpus {
  readonly manifests: string | undefined;
  readonly trust: string[];
  #parts: Part[] = [];
  #trust: Source[];

  constructor(manifests: Source[], trust: Source[]) {
    this.#trust = trust;
    this.trust = trust.map((source) => source.text);
    const [only] = manifests;
    if (only && manifests.length === 1) {
      // One file stays as it is: strict JSON stays strict.
      this.#parts = [{ source: only, offset: 0 }];
      this.manifests = only.text;
    } else if (only) {
      let text = "";
      for (const source of manifests) {
        text += "---\n";
        this.#parts.push({ source, offset: text.length });
        text += source.text.endsWith("\n") ? source.text : `${source.text}\n`;
      }
      if (Buffer.byteLength(text) > LARGEST) throw new UnreadableError(`${manifests.length} files of manifests are together larger than 1 MiB: name fewer at a time`);
      this.manifests = text;
    }
  }

  /** Where a span is; undefined for what is in none of the files. */
  place(span: Span | undefined): Place | undefined {
    if (span?.input === "trust") return placed(this.#trust[span.index ?? 0], span.start, span.end);
    if (span?.input !== "manifests") return undefined;
    const part = this.#parts.findLast(({ offset }) => offset <= span.start);
    return part && placed(part.source, span.start - part.offset, span.end - part.offset);
  }

  /** The start of a trust document. */
  document(index: number): Place | undefined {
    return placed(this.#trust[index], 0, 0);
  }

  nameOf(index: number): string | undefined {
    return this.#trust[index]?.name;
  }
}

function placed(source: Source | undefined, start: number, end: number): Place | undefined {
  if (!source) return undefined;
  const before = source.text.slice(0, start);
  const line = before.split("\n").length;
  return { file: source.name, line, column: start - (before.lastIndexOf("\n") + 1) + 1, start, end: Math.max(start, Math.min(end, source.text.length)) };
}
