/** What `check` prints, in each of its formats. */

import { relative, sep } from "node:path";

import { version } from "../index.js";
import type { Corpus } from "./corpus.js";
import { forProgram, styled } from "./output.js";
import { REFUSALS, type Result, SEVERITIES } from "./results.js";

const COLOUR = { error: "red", security: "red", warning: "yellow", info: "blue" } as const;

/** For people: grouped by file, as compilers print it. */
export function text(results: Result[], files: number): string {
  const lines = results.flatMap((result) => {
    const place = result.place ? `${result.place.file}:${result.place.line}:${result.place.column}: ` : "";
    const rule = result.rule === undefined ? "" : styled("dim", ` (${result.rule})`);
    return [`${place}${styled(COLOUR[result.severity], result.severity)} ${styled("bold", result.code)}: ${result.title}${rule}`, ...indented(result.detail), ...fixesOf(result), ""];
  });
  return `${lines.join("\n")}${results.length ? "\n" : ""}${totals(results, files)}\n`;
}

const indented = (detail: string): string[] => (detail ? detail.split("\n").map((line) => `    ${line}`) : []);
const fixesOf = ({ fixes }: Result): string[] => fixes.map((fix) => styled("green", `    fix: ${fix.title}`));

export function totals(results: Result[], files: number): string {
  const counts = SEVERITIES.map((severity) => [severity, results.filter((result) => result.severity === severity).length] as const).filter(([, count]) => count > 0);
  const told = counts.map(([severity, count]) => `${count} ${severity}`).join(", ");
  return `${files} ${files === 1 ? "file" : "files"}: ${told || "nothing to object to"}`;
}

/** For programs: one object, `schema` 1. */
export function json(results: Result[], files: string[]): string {
  return forProgram({ schema: 1, version: version(), files, results: results.map(({ place, fixes, ...result }) => ({ ...result, ...place, fixes: fixes.map((fix) => fix.title) })) });
}

/** For a pull request. */
export function markdown(results: Result[], files: number): string {
  const cell = (text: string): string => text.replace(/[\\|`*_<>[\]]/g, "\\$&").replace(/\s+/g, " ");
  const rows = results.map((result) => {
    const place = result.place ? `${result.place.file}:${result.place.line}` : "";
    return `| ${result.severity} | \`${result.code}\` | ${cell(place)} | ${cell(result.title)}. ${cell(result.detail)} |`;
  });
  const table = rows.length ? ["| severity | code | place | what |", "| --- | --- | --- | --- |", ...rows, ""] : [];
  return ["## podpass", "", ...table, totals(results, files), ""].join("\n");
}

const LEVEL = { error: "error", security: "error", warning: "warning", info: "note" } as const;

/** For code scanning: SARIF 2.1.0, https://docs.oasis-open.org/sarif/sarif/v2.1.0/. */
export function sarif(results: Result[], corpus: Corpus): string {
  const codes = [...new Set(results.map((result) => result.code))].sort();
  const first = (code: string): Result | undefined => results.find((result) => result.code === code);
  const rules = codes.map((code) => ({
    id: code,
    shortDescription: { text: REFUSALS[code] ?? first(code)?.title ?? code },
    defaultConfiguration: { level: LEVEL[first(code)?.severity ?? "warning"] },
    properties: { tags: first(code)?.severity === "security" ? ["security"] : [], ...(first(code)?.rule === undefined ? {} : { rule: first(code)?.rule }) },
  }));
  return forProgram({
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [{
      tool: { driver: { name: "podpass", version: version(), informationUri: "https://github.com/podpass/podpass", rules } },
      columnKind: "utf16CodeUnits",
      results: results.map((result) => ({
        ruleId: result.code,
        ruleIndex: codes.indexOf(result.code),
        level: LEVEL[result.severity],
        message: { text: result.detail ? `${result.title}\n\n${result.detail}` : result.title },
        ...(result.place ? { locations: [{ physicalLocation: { artifactLocation: { uri: uriOf(result.place.file) }, region: regionOf(result) } }] } : {}),
        ...fixesFor(result, corpus),
      })),
    }],
  });
}

function regionOf({ place }: Result): object {
  if (!place) return {};
  return { startLine: place.line, startColumn: place.column, charOffset: place.start, charLength: place.end - place.start };
}

/** Only fixes whose edits all lie in files that were given. */
function fixesFor({ fixes }: Result, corpus: Corpus): { fixes?: object[] } {
  const told = fixes.flatMap((fix) => {
    const edits = fix.edits.map(({ start, end, text }) => ({
      text,
      place: corpus.place({ input: fix.input, start, end, line: 0, column: 0, ...(fix.index === undefined ? {} : { index: fix.index }) }),
    }));
    const file = edits[0]?.place?.file;
    if (file === undefined || edits.some(({ place }) => place?.file !== file)) return [];
    const replacements = edits.map(({ text, place }) => ({
      deletedRegion: { charOffset: place?.start ?? 0, charLength: (place?.end ?? 0) - (place?.start ?? 0) },
      insertedContent: { text },
    }));
    return [{ description: { text: fix.title }, artifactChanges: [{ artifactLocation: { uri: uriOf(file) }, replacements }] }];
  });
  return told.length ? { fixes: told } : {};
}

/** Relative to where it is run, with slashes, encoded. */
function uriOf(file: string): string {
  const path = relative(process.cwd(), file) || file;
  return path.split(sep).map(encodeURIComponent).join("/");
}
