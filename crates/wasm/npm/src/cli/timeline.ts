/** `podpass timeline`: the lanes of a token's life, drawn in columns. */

import type { Cluster, Lane, LaneEvent, Scenario, Timeline } from "../api.js";
import { rotationTimeline } from "../index.js";
import { type Given, numberOf, oneOf, timeOf, UsageError } from "./commands.js";
import { json } from "./input.js";
import { distance, forProgram, instant, styled } from "./output.js";
import { type Answer, tokenText } from "./token.js";

const READERS = ["rereads", "cached-at-start", "client-go", "aws-sdk"] as const;
/** Of each state its character, the same in ASCII, and its colour. Lanes overlap in colour, so the character tells as well. */
const STATES: { [state: string]: [string, string, "green" | "yellow" | "red" | "blue" | "dim"] } = {
  running: ["━", "=", "green"], valid: ["━", "=", "green"], current: ["━", "=", "green"], ok: ["━", "=", "green"], active: ["━", "=", "green"],
  terminating: ["╍", "~", "yellow"], due: ["╍", "~", "yellow"], outdated: ["╍", "~", "yellow"],
  extended: ["─", "-", "blue"],
  gone: ["·", ".", "dim"], none: ["·", ".", "dim"],
  expired: ["╳", "x", "red"], refused: ["╳", "x", "red"],
};
const OTHER: [string, string, "dim"] = ["·", ".", "dim"];
const LEGEND: [string, string][] = [["valid", "good"], ["due", "due, outdated or terminating"], ["extended", "extended"], ["expired", "expired or refused"]];
const LABELS = 24;
const NARROWEST = 40;

export function timeline(given: Given): Answer {
  const format = oneOf(given, "format", ["text", "json"]) ?? "text";
  const drawn = rotationTimeline(optionsOf(given));
  const code = drawn.firstFailure ? 1 : 0;
  if (format === "json") return { out: forProgram(drawn), raw: true, code };
  const width = numberOf(given, "width") ?? process.stdout.columns ?? 100;
  if (!Number.isInteger(width) || width < NARROWEST) throw new UsageError(`--width is at least ${NARROWEST}`);
  return { out: picture(drawn, Math.min(width, 240), given.has("ascii")), code };
}

function optionsOf(given: Given): Parameters<typeof rotationTimeline>[0] {
  const now = timeOf(given, "now") ?? Date.now() / 1000;
  const token = given.operands.length ? tokenText(given) : undefined;
  const projected = ["expiration-seconds", "audience", "issued-at"].filter((option) => given.one(option) !== undefined);
  if (token !== undefined && projected.length) throw new UsageError(`--${projected[0]} says what the token itself says: give one or the other`);
  const issuedAt = timeOf(given, "issued-at") ?? Math.floor(now);
  const cluster = given.one("cluster");
  const scenario = scenarioOf(given, issuedAt);
  const audience = given.one("audience");
  const subject = token === undefined
    ? { issuedAt, expirationSeconds: numberOf(given, "expiration-seconds") ?? 3600, ...(audience === undefined ? {} : { audience }) }
    : { token };
  return { now, ...subject, ...(cluster === undefined ? {} : { cluster: json(cluster) as Cluster }), ...(Object.keys(scenario).length ? { scenario } : {}) };
}

function scenarioOf(given: Given, start: number): Scenario {
  const members: { [Member in keyof Scenario]: Scenario[Member] | undefined } = {
    reader: oneOf(given, "reader", READERS),
    podDeletedAt: timeOf(given, "pod-deleted-at", start),
    gracePeriodSeconds: numberOf(given, "grace-period"),
    signingKeyRotatedAt: timeOf(given, "key-rotated-at", start),
    kubeletRestartedAt: timeOf(given, "kubelet-restarted-at", start),
    kubeletClockSkew: numberOf(given, "clock-skew"),
    rotations: numberOf(given, "rotations"),
  };
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Scenario;
}

function picture(drawn: Timeline, width: number, ascii: boolean): string {
  const columns = width - LABELS - 1;
  const span = Math.max(1, drawn.to - drawn.from);
  const column = (at: number): number => Math.max(0, Math.min(columns - 1, Math.floor(((at - drawn.from) / span) * columns)));
  const sign = (state: string): string => (STATES[state] ?? OTHER)[ascii ? 1 : 0];
  const lines = drawn.lanes.map((lane) => `${cut(lane.label, LABELS).padEnd(LABELS)} ${bar(lane, column, columns, sign)}`);
  const marker = (at: number, text: string): string[] => (at < drawn.from || at > drawn.to ? [] : [`${" ".repeat(LABELS + 1 + column(at))}${text}`]);
  const now = marker(drawn.now, ascii ? "^ now" : "▲ now");
  const failure = drawn.firstFailure;
  const fails = failure ? marker(failure.at, styled("red", ascii ? "^ first failure" : "▲ first failure")) : [];
  const legend = LEGEND.map(([state, meaning]) => `${sign(state)} ${meaning}`).join("   ");
  const edge = `${instant(drawn.from)}  to  ${instant(drawn.to)}  (${distance(drawn.to - drawn.from).replace("in ", "")})`;
  const told = failure
    ? [`${styled("red", "First failing call")}: ${instant(failure.at)}, ${distance(failure.at - drawn.now)}. ${failure.reason}`, ...(failure.error ? [`  it says ${failure.error.code ? `${failure.error.code}: ` : ""}${failure.error.message}`] : [])]
    : [styled("green", "No call fails in this time.")];
  return [styled("bold", edge), "", ...lines, ...now, ...fails, "", styled("dim", legend), "", ...events(drawn), "", ...told, ""].join("\n");
}

function bar(lane: Lane, column: (at: number) => number, columns: number, sign: (state: string) => string): string {
  let line = "";
  let filled = 0;
  for (const { from, to, state } of lane.spans) {
    const [start, end] = [column(from), Math.max(column(from) + 1, column(to) + (column(to) === columns - 1 ? 1 : 0))];
    if (start > filled) line += " ".repeat(start - filled);
    const length = end - Math.max(start, filled);
    if (length > 0) line += styled((STATES[state] ?? OTHER)[2], sign(state).repeat(length));
    filled = Math.max(filled, end);
  }
  return line;
}

/** What happens, as rows: the same as the picture, for those who cannot see it. */
function events(drawn: Timeline): string[] {
  const rows = drawn.lanes.flatMap((lane) => lane.events.map((event) => ({ lane, event }))).sort((a, b) => a.event.at - b.event.at);
  return rows.map(({ lane, event }) => `  ${when(event)}  ${cut(lane.label, 18).padEnd(18)}  ${event.label}${event.rule === undefined ? "" : styled("dim", ` (${event.rule})`)}`);
}

function when({ at, window }: LaneEvent): string {
  if (!window || window.latest === window.earliest) return instant(at).padEnd(29);
  return `${instant(window.earliest)} +${window.latest - window.earliest} s`.padEnd(29);
}

const cut = (text: string, length: number): string => (text.length > length ? `${text.slice(0, length - 1)}…` : text);
