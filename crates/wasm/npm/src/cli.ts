#!/usr/bin/env node
/** `npx podpass`: the engine from the command line. */

import { version } from "./index.js";
import { COMMANDS, type Given, helpOf, nearest, overview, parsed, UsageError } from "./cli/commands.js";
import { colours, forTerminal } from "./cli/output.js";
import { check, explain } from "./cli/report.js";
import { timeline } from "./cli/timeline.js";
import { type Answer, decode, verify } from "./cli/token.js";

const RUN: { [command: string]: (given: Given) => Answer } = { check, decode, explain, timeline, verify };
/** Bad usage or unreadable input. */
const UNUSABLE = 2;

function main(words: string[]): number {
  const [name, ...rest] = words;
  if (name === "--version" || name === "-V") return say(`${version()}\n`, 0);
  if (name === "--help" || name === "-h" || (name === "help" && rest.length === 0)) return say(overview(), 0);
  if (name === "help") return main([rest[0] ?? "", "--help"]);
  if (name === undefined) return complain(overview());
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  const run = RUN[name];
  if (!command || !run) {
    const near = nearest(name, Object.keys(COMMANDS));
    return complain(`podpass: ${name.startsWith("-") ? "unknown option" : "no command"} ${name}${near === undefined ? "" : `; did you mean ${near}?`}\n\n${overview()}`);
  }
  const given = parsed(name, command, rest);
  if (given.has("help")) return say(helpOf(name, command), 0);
  const { out, raw, code } = run(given);
  return say(out, code, raw);
}

function say(text: string, code: number, raw = false): number {
  process.stdout.write(raw ? text : forTerminal(text, colours(process.stdout, process.env)));
  return code;
}

function complain(text: string): number {
  process.stderr.write(forTerminal(text, false));
  return UNUSABLE;
}

/** A reader that closes early (`| head`) is no fault. */
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});

try {
  process.exitCode = main(process.argv.slice(2));
} catch (error) {
  const { message } = error as Error;
  const command = Object.hasOwn(COMMANDS, process.argv[2] ?? "") ? ` ${process.argv[2]}` : "";
  const told = message.split("\n").map((line) => `podpass: ${line}\n`).join("");
  // What the engine refuses (a cluster with unknown members) was given on the command line too.
  const usage = error instanceof UsageError || error instanceof TypeError ? `Try: podpass${command} --help\n` : "";
  process.exitCode = complain(told + usage);
}
