/** The commands and their options, as data: parsing, help and suggestions are made of this. */

import { parseArgs, type ParseArgsConfig } from "node:util";

/** What is wrong with the command line. */
export class UsageError extends Error {}

interface Option {
  /** What stands for the value in the help; none: a switch. */
  value?: string;
  many?: true;
  about: string;
}

export interface Command {
  operands: string;
  about: string;
  /** More of it, below the options. */
  notes: string;
  options: { [name: string]: Option };
}

/** What was given: texts by option, and the operands. */
export interface Given {
  command: string;
  operands: string[];
  one(option: string): string | undefined;
  many(option: string): string[];
  has(option: string): boolean;
}

const format = (formats: string): Option => ({ value: formats, about: "default: text" });
const NOW: Option = { value: "TIME", about: "instant of judgement: seconds since 1970 or ISO 8601; default: now" };
const HELP: Option = { about: "this text" };
const CLUSTER: Option = { value: "FILE", about: "flags and facts of the cluster, as JSON (type Cluster)" };
const KEYS: Option = { value: "FILE", about: "JWKS, JWK or PEM: `kubectl get --raw /openid/v1/jwks`" };

const TOKEN_NOTES = `The token is read from FILE or, with - or nothing, from standard input; it may come as it was pasted: with
Bearer, in quotes, wrapped, inside a Secret or TokenRequest.`;

export const COMMANDS: { [name: string]: Command } = {
  decode: {
    operands: "[FILE]",
    about: "what a token says; nothing in it is verified",
    notes: `${TOKEN_NOTES} Exit 0: well-formed, 1: not.\n\n  kubectl create token cart | npx podpass decode`,
    options: { format: format("text|json"), now: NOW, help: HELP },
  },
  verify: {
    operands: "[FILE]",
    about: "signature, issuer, audience, times: every check listed",
    notes: `${TOKEN_NOTES} Here it is taken to the letter, but for white space around it.
Whether pod and account still exist only TokenReview knows. Exit 0: all checks pass, 1: one fails.

  npx podpass verify token --keys jwks.json --issuer https://issuer.example --audience orders`,
    options: {
      keys: KEYS,
      issuer: { value: "URL", many: true, about: "whom you trust" },
      "any-issuer": { about: "instead: deliberately whoever has the key" },
      audience: { value: "TEXT", many: true, about: "what you answer to" },
      "any-audience": { about: "instead: deliberately anything" },
      algorithm: { value: "NAME", many: true, about: "default: RS, PS, ES 256 to 512 and EdDSA" },
      tolerance: { value: "SECONDS", about: "for clocks that differ; default 60" },
      "max-age": { value: "SECONDS", about: "since iat" },
      "allow-legacy": { about: "tokens of Secrets too" },
      namespace: { value: "NAME", about: "the account must be in it" },
      "service-account": { value: "NAME", about: "the account must be this one" },
      pod: { value: "NAME", about: "the token must be bound to this pod" },
      node: { value: "NAME", about: "the token must be bound to this node" },
      format: format("text|json"),
      now: NOW,
      help: HELP,
    },
  },
  explain: {
    operands: "[FILE]...",
    about: "everything about what you have: token, keys, manifests, trust documents",
    notes: `Files are recognised by what they hold; the options say it where that is not wanted. - is standard input.
Exit 0: nothing is refused, 1: something is, or cannot be known.

  npx podpass explain token jwks.json deployment.yaml trust-policy.json`,
    options: {
      token: { value: "FILE", about: "the pod's token" },
      keys: KEYS,
      manifests: { value: "FILE", many: true, about: "Kubernetes objects, YAML or JSON" },
      trust: { value: "FILE", many: true, about: "a trust document: role policy, federated credential, ..." },
      cluster: CLUSTER,
      scenario: { value: "FILE", about: "what happens to the pod, as JSON (type Scenario)" },
      format: format("text|json|markdown"),
      now: NOW,
      help: HELP,
    },
  },
  check: {
    operands: "PATH...",
    about: "manifests and trust documents, for CI",
    notes: `PATH is a file, a folder (its .yaml, .yml and .json files are read) or - for standard input. Files of one run are judged
together: a pod finds its ServiceAccount in another file. With --token each trust document is asked whether it lets it in.
Exit 0: clean, 1: something is refused, or there are findings, 2: bad usage or unreadable input.

  npx podpass check k8s/ iam/ --format sarif > podpass.sarif`,
    options: {
      token: { value: "FILE", about: "judge the trust documents with this token" },
      keys: KEYS,
      cluster: CLUSTER,
      "fail-on": { value: "SEVERITY", about: "least severity that counts: error, security, warning (default) or info" },
      format: format("text|json|markdown|sarif"),
      now: NOW,
      help: HELP,
    },
  },
  timeline: {
    operands: "[FILE]",
    about: "when a token is replaced, and the first call that fails",
    notes: `Of the token in FILE (- is standard input), or of one that a pod would ask for. Exit 0: no call fails, 1: one does.

  npx podpass timeline --expiration-seconds 3600 --reader cached-at-start`,
    options: {
      "expiration-seconds": { value: "N", about: "what the projection asks for; default 3600" },
      audience: { value: "TEXT", about: "of the projection; default: the API server's" },
      "issued-at": { value: "TIME", about: "default: now" },
      reader: { value: "KIND", about: "rereads (default), cached-at-start, client-go or aws-sdk" },
      "pod-deleted-at": { value: "TIME", about: "an instant, or +SECONDS after the start" },
      "grace-period": { value: "SECONDS", about: "of the deletion; default 30" },
      "key-rotated-at": { value: "TIME", about: "the signing key goes out of the key set" },
      "kubelet-restarted-at": { value: "TIME", about: "its cache of tokens is empty then" },
      "clock-skew": { value: "SECONDS", about: "how far the kubelet's clock is ahead" },
      rotations: { value: "N", about: "how many to draw; default 3" },
      cluster: CLUSTER,
      width: { value: "N", about: "columns; default: the terminal's" },
      ascii: { about: "no characters beyond ASCII" },
      format: format("text|json"),
      now: NOW,
      help: HELP,
    },
  },
};

/** The help of everything. */
export function overview(): string {
  const rows = Object.entries(COMMANDS).map(([name, { operands, about }]) => `  ${`${name} ${operands}`.padEnd(20)}${about}`);
  return `Usage: podpass COMMAND [OPTION]...

Will this pod's token be accepted, and until when? Nothing is sent anywhere, and no token is printed whole.

${rows.join("\n")}

podpass COMMAND --help tells the options; podpass --version the version. NO_COLOR is honoured.
Exit 0: allowed or clean, 1: refused or findings, 2: bad usage or unreadable input.
`;
}

export function helpOf(name: string, command: Command): string {
  const rows = Object.entries(command.options).map(([option, { value, many, about }]) => {
    const head = `  --${option}${value === undefined ? "" : ` ${value}`}${many ? "..." : ""}`;
    return head.length < 30 ? `${head.padEnd(30)}${about}` : `${head}\n${" ".repeat(30)}${about}`;
  });
  return `Usage: podpass ${name} ${command.operands} [OPTION]...\n\n${capital(command.about)}.\n\n${rows.join("\n")}\n\n${command.notes}\n`;
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** Takes the words of a command apart; what it does not know is a mistake, never ignored. */
export function parsed(name: string, command: Command, words: string[]): Given {
  const options: NonNullable<ParseArgsConfig["options"]> = {};
  for (const [option, { value, many }] of Object.entries(command.options)) {
    options[option] = { type: value === undefined ? "boolean" : "string", ...(many ? { multiple: true } : {}), ...(option === "help" ? { short: "h" } : {}) };
  }
  try {
    const { values, positionals } = parseArgs({ args: words, options, allowPositionals: true, strict: true });
    const values_: { [option: string]: unknown } = values;
    return {
      command: name,
      operands: positionals,
      one: (option) => values_[option] as string | undefined,
      many: (option) => (values_[option] as string[] | undefined) ?? [],
      has: (option) => values_[option] === true,
    };
  } catch (error) {
    const { code, message } = error as Error & { code?: string };
    if (code === "ERR_PARSE_ARGS_UNKNOWN_OPTION") throw new UsageError(unknownOption(message, Object.keys(command.options)));
    throw new UsageError(message);
  }
}

function unknownOption(message: string, known: string[]): string {
  const wrong = /'--?([^'=]*)/.exec(message)?.[1] ?? "";
  const near = nearest(wrong, known);
  return `unknown option --${wrong}${near === undefined ? "" : `; did you mean --${near}?`}`;
}

/** The known word that is at most two slips away. */
export function nearest(word: string, known: string[]): string | undefined {
  const ranked = known.map((one) => ({ one, slips: distance(word, one) })).sort((a, b) => a.slips - b.slips);
  const [best] = ranked;
  return best && best.slips <= 2 ? best.one : undefined;
}

function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1];
    for (const [j, other] of [...b].entries()) {
      next.push(Math.min((row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1, (row[j] ?? 0) + (letter === other ? 0 : 1)));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}

/** A value out of a few. */
export function oneOf<Word extends string>(given: Given, option: string, words: readonly Word[]): Word | undefined {
  const value = given.one(option);
  if (value === undefined) return undefined;
  const found = words.find((word) => word === value);
  if (found === undefined) throw new UsageError(`--${option} is one of ${words.join(", ")}, not ${JSON.stringify(value)}`);
  return found;
}

export function numberOf(given: Given, option: string): number | undefined {
  const value = given.one(option);
  if (value === undefined) return undefined;
  const number = value.trim() === "" ? Number.NaN : Number(value);
  if (!Number.isFinite(number)) throw new UsageError(`--${option} is a number, not ${JSON.stringify(value)}`);
  return number;
}

/** Seconds since 1970: written so, in ISO 8601, or as `+SECONDS` after a start. */
export function timeOf(given: Given, option: string, start?: number): number | undefined {
  const value = given.one(option);
  if (value === undefined) return undefined;
  const relative = start !== undefined && value.startsWith("+");
  const seconds = relative ? start + Number(value.slice(1)) : /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : Date.parse(value) / 1000;
  if (!Number.isFinite(seconds)) throw new UsageError(`--${option} is an instant (seconds since 1970, or 2026-05-28T20:26:40Z), not ${JSON.stringify(value)}`);
  return seconds;
}
