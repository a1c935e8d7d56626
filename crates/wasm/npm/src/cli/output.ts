/** What goes out: no whole token, nothing that a terminal would obey, colours only where they are wanted. */

/** A compact JWS, wherever it stands. */
const TOKEN = /([A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]{2,})\.[A-Za-z0-9_-]{4,}/g;
/** A run of base64 that is long enough for a token. */
const BASE64 = /[A-Za-z0-9+/_-]{40,}={0,2}/g;
/** C0 without the line feed, DEL, C1, and what changes the direction of text. */
const CONTROL = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** Takes the signature off every token; what holds one in base64 goes whole. */
export function redacted(text: string): string {
  return text.replace(TOKEN, (found, head: string) => (isHeader(head) ? `${head}.[signature removed]` : found)).replace(BASE64, (run) => (holdsToken(run) ? "[base64 of a token removed]" : run));
}

function isHeader(head: string): boolean {
  return /^\s*\{/.test(Buffer.from(head.slice(0, head.indexOf(".")), "base64url").toString("latin1"));
}

function holdsToken(run: string): boolean {
  const text = Buffer.from(run, "base64").toString("latin1");
  return [...text.matchAll(TOKEN)].some((match) => isHeader(match[1] ?? ""));
}

/** Styles are marked by private-use characters until the text is safe; then they become what the terminal knows, or nothing. */
const STYLES = { bold: [1, 22], dim: [2, 22], red: [31, 39], green: [32, 39], yellow: [33, 39], blue: [34, 39] } as const;
type Style = keyof typeof STYLES;
const NAMES = Object.keys(STYLES) as Style[];
const START = 0xe000;
const STOP = 0xe100;
const MARKS = /[\ue000-\ue1ff]/g;

export function styled(style: Style, text: string): string {
  const index = NAMES.indexOf(style);
  return String.fromCharCode(START + index) + text.replace(MARKS, "") + String.fromCharCode(STOP + index);
}

/** Whether a stream shows colours: https://no-color.org. */
export function colours(stream: { isTTY?: boolean }, env: NodeJS.ProcessEnv): boolean {
  if (env["NO_COLOR"]) return false;
  if (env["FORCE_COLOR"]) return env["FORCE_COLOR"] !== "0";
  return stream.isTTY === true && env["TERM"] !== "dumb";
}

/** A text for people. */
export function forTerminal(text: string, coloured: boolean): string {
  const safe = redacted(text).replace(CONTROL, (control) => `\\u{${control.charCodeAt(0).toString(16)}}`);
  return safe.replace(MARKS, (mark) => {
    const code = mark.charCodeAt(0);
    const style = STYLES[NAMES[code % 0x100] ?? "bold"];
    return coloured ? `\u001b[${code < STOP ? style[0] : style[1]}m` : "";
  });
}

/** A value for programs: JSON, in which what a terminal would obey is escaped. */
export function forProgram(value: unknown): string {
  const text = redacted(JSON.stringify(value, null, 2));
  return `${text.replace(CONTROL, (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, "0")}`)}\n`;
}

/** An instant as people read it. */
export function instant(seconds: number): string {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? String(seconds) : date.toISOString().replace(/\.\d+Z$/, "Z");
}

/** How far away: `in 3 h 20 min`, `5 min ago`. */
export function distance(seconds: number): string {
  const steps: [number, string][] = [[86_400, "d"], [3_600, "h"], [60, "min"], [1, "s"]];
  let left = Math.round(Math.abs(seconds));
  const parts: string[] = [];
  for (const [size, unit] of steps) {
    if (left >= size && parts.length < 2) parts.push(`${Math.floor(left / size)} ${unit}`);
    left %= size;
  }
  if (parts.length === 0) return "now";
  return seconds < 0 ? `${parts.join(" ")} ago` : `in ${parts.join(" ")}`;
}
