/** What `check` has to say: refusals and findings in one form, with the places where they are. */

import type { Finding, FederationOutcome, Fix, PodReport, ProviderError, Report, Severity, Span } from "../api.js";
import type { Corpus, Place } from "./corpus.js";

export interface Result {
  code: string;
  severity: Severity;
  title: string;
  detail: string;
  rule?: string;
  place?: Place;
  fixes: Fix[];
}

/** Refusals are results of their own: with these codes, beside those of findings. */
export const REFUSALS: { [code: string]: string } = {
  "pod-refused": "the API server, or a webhook, refuses the pod",
  "pod-stuck": "the pod is admitted, but its volumes cannot be set up",
  "document-refused": "the vendor refuses to store the document",
  "token-refused": "the token that was given is not let in",
  "token-not-judged": "whether the token that was given is let in cannot be known from what was given",
};

export const SEVERITIES: readonly Severity[] = ["error", "security", "warning", "info"];

/** Every result of a report, in the order of files and lines, each once. */
export function resultsOf(report: Report, corpus: Corpus, judged: boolean): Result[] {
  const findings = [...report.findings, ...report.pods.flatMap((pod) => pod.findings), ...report.federation.flatMap((outcome) => outcome.findings)];
  const results = [
    ...report.pods.flatMap((pod) => refusalsOfPod(pod, corpus)),
    ...report.federation.flatMap((outcome) => refusalsOfDocument(outcome, corpus, judged)),
    ...findings.map((finding) => resultOf(finding, corpus)),
  ];
  const seen = new Set<string>();
  const once = results.filter((result) => {
    const key = JSON.stringify([result.code, result.title, result.place]);
    return !seen.has(key) && seen.add(key);
  });
  const rank = ({ place }: Result): [string, number] => [place?.file ?? "", place?.start ?? 0];
  return once.sort((a, b) => {
    const [[fileA, startA], [fileB, startB]] = [rank(a), rank(b)];
    return fileA === fileB ? startA - startB : fileA < fileB ? -1 : 1;
  });
}

export function fails(results: Result[], least: Severity): boolean {
  const limit = SEVERITIES.indexOf(least);
  return results.some((result) => SEVERITIES.indexOf(result.severity) <= limit);
}

function resultOf({ code, severity, title, detail, rule, span, fixes = [] }: Finding, corpus: Corpus): Result {
  return { code, severity, title, detail, fixes, ...(rule === undefined ? {} : { rule }), ...at(corpus, span) };
}

function refusalsOfPod({ workload, rejected, stuck }: PodReport, corpus: Corpus): Result[] {
  const name = `${workload.kind} ${workload.namespace}/${workload.name}`;
  const one = (code: string, verb: string, error: ProviderError | undefined): Result[] =>
    error ? [{ code, severity: "error", title: `${name} ${verb}`, detail: said(error), fixes: [], ...at(corpus, workload.span) }] : [];
  return [...one("pod-refused", "is refused", rejected), ...one("pod-stuck", "is stuck in ContainerCreating", stuck)];
}

function refusalsOfDocument(outcome: FederationOutcome, corpus: Corpus, judged: boolean): Result[] {
  const failed = outcome.checks.find((check) => check.status === "fail" || check.status === "unknown");
  const place = failed?.span ? at(corpus, failed.span) : {};
  const whole = outcome.document === undefined ? undefined : corpus.document(outcome.document);
  const where = place.place ? place : whole ? { place: whole } : {};
  const rule = failed?.rule === undefined ? {} : { rule: failed.rule };
  if (outcome.rejected) {
    return [{ code: "document-refused", severity: "error", title: `${outcome.title} is not stored`, detail: said(outcome.rejected), fixes: [], ...rule, ...where }];
  }
  if (!judged || outcome.verdict === "allow") return [];
  const { hint = "" } = failed ?? {};
  const detail = outcome.error ? said(outcome.error) : [failed?.title, hint].filter(Boolean).join(": ");
  return outcome.verdict === "deny"
    ? [{ code: "token-refused", severity: "error", title: `${outcome.title} does not let the token in (${outcome.stage ?? "unknown stage"})`, detail, fixes: outcome.fixes, ...rule, ...where }]
    : [{ code: "token-not-judged", severity: "warning", title: `whether ${outcome.title} lets the token in cannot be known`, detail, fixes: [], ...rule, ...where }];
}

function at(corpus: Corpus, span: Span | undefined): { place?: Place } {
  const place = corpus.place(span);
  return place ? { place } : {};
}

const said = ({ code, message }: ProviderError): string => (code ? `${code}: ${message}` : message);
