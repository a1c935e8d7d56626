/** `podpass explain` and `podpass check`. */

import type { Cluster, ExplainInput, Report, Scenario, Severity } from "../api.js";
import { explain as explained, inspectPods, reportToMarkdown } from "../index.js";
import { type Given, oneOf, timeOf, UsageError } from "./commands.js";
import { Corpus } from "./corpus.js";
import * as formats from "./formats.js";
import { json, read, type Source, UnreadableError, walk } from "./input.js";
import { forProgram, instant, styled } from "./output.js";
import { type Kind, recognise } from "./recognise.js";
import { fails, resultsOf, SEVERITIES } from "./results.js";
import { type Answer, checkLine, subjectOf } from "./token.js";

/** What was given, by what it is. */
interface Inputs {
  token?: Source;
  jwks?: Source;
  manifests: Source[];
  trust: Source[];
  /** Files of folders that are none of ours. */
  passedOver: number;
}

export function explain(given: Given): Answer {
  const format = oneOf(given, "format", ["text", "json", "markdown"]) ?? "text";
  const inputs = gathered(given, given.operands.map(read));
  const scenario = given.one("scenario");
  const corpus = new Corpus(inputs.manifests, inputs.trust);
  const report = reportOf(given, inputs, corpus, scenario === undefined ? undefined : (json(scenario) as Scenario));
  const code = refuses(report) || fails(resultsOf(report, corpus, inputs.token !== undefined), "warning") ? 1 : 0;
  if (format === "json") return { out: forProgram(report), raw: true, code };
  if (format === "markdown") return { out: reportToMarkdown(report), code };
  return { out: described(report, corpus, inputs), code };
}

export function check(given: Given): Answer {
  const format = oneOf(given, "format", ["text", "json", "markdown", "sarif"]) ?? "text";
  const least: Severity = oneOf(given, "fail-on", SEVERITIES) ?? "warning";
  if (given.operands.length === 0) throw new UsageError("name files or folders, or - for standard input");
  const inputs = gathered(given, given.operands.flatMap(walk));
  const files = [...inputs.manifests, ...inputs.trust];
  if (files.length === 0) throw new UnreadableError(`${given.operands.join(", ")}: neither manifests nor trust documents`);
  const corpus = new Corpus(inputs.manifests, inputs.trust);
  const results = resultsOf(reportOf(given, inputs, corpus), corpus, inputs.token !== undefined);
  const code = fails(results, least) ? 1 : 0;
  switch (format) {
    case "json": return { out: formats.json(results, files.map((file) => file.name)), raw: true, code };
    case "sarif": return { out: formats.sarif(results, corpus), raw: true, code };
    case "markdown": return { out: formats.markdown(results, files.length), code };
    case "text": return { out: formats.text(results, files.length), code };
  }
}

/** Sorts sources by what they are; what is named and unreadable ends it, what a folder happens to hold is passed over. */
function gathered(given: Given, sources: Source[]): Inputs {
  const inputs: Inputs = { manifests: given.many("manifests").map(read), trust: given.many("trust").map(read), passedOver: 0 };
  for (const role of ["token", "keys"] as const) {
    const path = given.one(role);
    if (path !== undefined) inputs[role === "keys" ? "jwks" : "token"] = read(path);
  }
  const unreadable: string[] = [];
  for (const source of sources) {
    const { kind, problem } = recognise(source.text);
    if (kind === "broken") unreadable.push(`${source.name}: ${problem ?? "not readable"}`);
    else if (!placed(inputs, kind, source, given.command)) {
      if (source.named) unreadable.push(`${source.name}: ${source.text.trim() ? "not recognised" : "empty"}`);
      inputs.passedOver += 1;
    }
  }
  for (const { name, text } of inputs.manifests) {
    const failed = inspectPods(text).checks.find((one) => one.status === "fail");
    if (failed) unreadable.push(`${name}${failed.span ? `:${failed.span.line}:${failed.span.column}` : ""}: ${failed.title}`);
  }
  if (unreadable.length) throw new UnreadableError(unreadable.join("\n"));
  return inputs;
}

function placed(inputs: Inputs, kind: Kind, source: Source, command: string): boolean {
  if (kind === "manifests" || kind === "trust") {
    inputs[kind].push(source);
    return true;
  }
  if ((kind !== "token" && kind !== "jwks") || command === "check") return false;
  if (inputs[kind]) throw new UsageError(`two files hold a ${kind === "token" ? "token" : "key set"}: ${inputs[kind].name} and ${source.name}`);
  inputs[kind] = source;
  return true;
}

function reportOf(given: Given, { token, jwks }: Inputs, corpus: Corpus, scenario?: Scenario): Report {
  const cluster = given.one("cluster");
  const input: ExplainInput = {
    now: timeOf(given, "now") ?? Date.now() / 1000,
    ...(token ? { token: token.text } : {}),
    ...(jwks ? { jwks: jwks.text } : {}),
    ...(corpus.manifests === undefined ? {} : { manifests: corpus.manifests }),
    ...(corpus.trust.length ? { trust: corpus.trust } : {}),
    ...(cluster === undefined ? {} : { cluster: json(cluster) as Cluster }),
    ...(scenario ? { scenario } : {}),
  };
  return explained(input);
}

/** Whether anything that was judged is not let through. What was not asked (a document without a token) refuses nobody. */
function refuses(report: Report): boolean {
  const token = report.token !== undefined;
  const checks = [...(report.token?.checks ?? []), ...(report.keys?.checks ?? []), ...report.verification];
  return checks.some((one) => one.status === "fail") || (token && report.federation.some((outcome) => outcome.verdict !== "allow"));
}

const VERDICTS = { allow: ["green", "lets it in"], deny: ["red", "refuses it"], unknown: ["yellow", "cannot be known"] } as const;

function described(report: Report, corpus: Corpus, inputs: Inputs): string {
  const sections: string[] = [styled("bold", report.summary)];
  if (report.token) sections.push([subjectOf(report.token).trimEnd(), ...report.token.checks.filter((one) => one.status !== "pass").map(checkLine), ...report.verification.map(checkLine)].join("\n"));
  for (const pod of report.pods) {
    const head = `${styled("bold", `${pod.workload.kind} ${pod.workload.namespace}/${pod.workload.name}`)} runs as ${pod.serviceAccount.name}`;
    const tokens = pod.tokens.map((one) => {
      const files = one.mounts.map((mount) => `${mount.container}:${mount.file}${mount.env.length ? ` (${mount.env.join(", ")})` : ""}`).join(", ");
      return `  token for ${one.audience ?? "the API server"}, ${one.expirationSeconds} s: ${files || "mounted nowhere"}`;
    });
    sections.push([head, ...tokens].join("\n"));
  }
  for (const outcome of report.federation) {
    const [style, words] = VERDICTS[outcome.verdict];
    const name = outcome.document === undefined ? undefined : corpus.nameOf(outcome.document);
    const head = `${styled("bold", outcome.title)}${name === undefined ? "" : ` in ${name}`}: ${inputs.token ? styled(style, words) : "no token to judge"}`;
    const error = outcome.error ? [`  it says ${outcome.error.code ? `${outcome.error.code}: ` : ""}${outcome.error.message}${outcome.error.certainty === "likely" ? " (likely)" : ""}`] : [];
    const reach = outcome.reach.subjects.map((one) => `  lets in ${one.meaning}`);
    sections.push([head, ...outcome.checks.map(checkLine), ...error, ...reach].join("\n"));
  }
  const failure = report.timeline?.firstFailure;
  if (failure) sections.push(`${styled("bold", "First failing call")} at ${instant(failure.at)}: ${failure.reason}`);
  const results = resultsOf(report, corpus, false);
  if (results.length) sections.push(formats.text(results, inputs.manifests.length + inputs.trust.length).trimEnd());
  return `${sections.join("\n\n")}\n`;
}
