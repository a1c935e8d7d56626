/** Programs that run beside the tests, and end with them. */
import { execFileSync, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

const running = new Set();

/** Whatever ends this process ends what it started. */
process.on("exit", () => running.forEach((child) => child.kill("SIGKILL")));
for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143], ["SIGHUP", 129]]) process.on(signal, () => process.exit(code));

/** Starts a program whose output goes to `log`. */
export function start(program, args, log) {
  const file = openSync(log, "w");
  const child = spawn(program, args, { stdio: ["ignore", file, file] });
  closeSync(file);
  running.add(child);
  const started = { child, log, code: undefined, name: program.split("/").at(-1) };
  started.ended = new Promise((resolve) => {
    const done = (code) => {
      running.delete(child);
      started.code = code ?? "by a signal";
      resolve(started.code);
    };
    child.on("exit", done);
    child.on("error", (error) => done(error.message));
  });
  return started;
}

export async function stop({ child, ended, code }) {
  if (code === undefined) child.kill("SIGKILL"); // nothing here is worth a graceful end
  await ended;
}

/** Waits until `ready` answers true; a program that ends before is a failure with the end of its log. */
export async function until(program, ready, seconds = 120) {
  for (const end = Date.now() + seconds * 1000; ; await sleep(50)) {
    if (program.code !== undefined) throw new Error(`${program.name} ended (${program.code}):\n${tail(program.log)}`);
    if (await ready()) return;
    if (Date.now() > end) throw new Error(`${program.name} is not ready after ${seconds} s:\n${tail(program.log)}`);
  }
}

export const tail = (log, lines = 15) => readFileSync(log, "utf8").trimEnd().split("\n").slice(-lines).join("\n");

/** What a program of Kubernetes says last when its flags are no good: in Go's quotes, or on lines of its own. */
export function failure(log) {
  const text = readFileSync(log, "utf8");
  const [, lines] = /"command failed" err=<\n((?:\t.*\n)+) >/.exec(text) ?? [];
  if (lines !== undefined) return lines.replace(/^\t/gm, "").trimEnd();
  const [, quoted] = /"command failed" err="((?:[^"\\]|\\.)*)"/.exec(text) ?? [];
  return quoted?.replace(/\\(["\\])/g, "$1");
}

/** As many ports of the loopback address that nobody listens on, all different. */
export async function freePorts(count) {
  const servers = await Promise.all(
    Array.from({ length: count }, () => new Promise((resolve, reject) => {
      const server = createServer().on("error", reject).listen(0, "127.0.0.1", () => resolve(server));
    })),
  );
  const ports = servers.map((server) => server.address().port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

export const run = (program, args, options) => execFileSync(program, args, { stdio: ["ignore", "pipe", "inherit"], encoding: "utf8", ...options });
