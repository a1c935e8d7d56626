/** Flags with which the API server does not start: what `inspectCluster` says is what the program prints last. */
import { readFileSync } from "node:fs";

import { APISERVER, flagsOf, groundFlags } from "../lib/cluster.mjs";
import { inspectCluster } from "../lib/engine.mjs";
import { newKey } from "../lib/keys.mjs";
import { Matrix, sideBySide } from "../lib/matrix.mjs";
import { failure, freePorts, start, stop, until } from "../lib/processes.mjs";

const KEYS = { signingKeyFile: "sa.key", keyFiles: ["sa.pub"] };
const PARTS = [
  ...[[], [""], ["https://a.example", "https://a.example"], ["https://a.example", ""], ["", "https://a.example"], ["", ""], ["https://a b"], ["a b:c", "x"], ["https://a.example/%zz"], [":x"], ["https://[::1"],
    ["https://a.example:port"], ["api"], ["https://a.example", "https://a b", "https://a b", "https://a.example"], ["http://a.example?x#y"], ["\u0001:"]].map((issuers) => ({ issuers })),
  ...["/keys", "http://keys.example", "HTTP://Keys.example/A b", "https://", "https://h:p", "ftp://x", "keys", "//keys.example", "https://keys.example?a#b", " https://x"].map((jwksUri) => ({ jwksUri })),
  ...[1, 3599, 3600, 3601, 2 ** 32, 2 ** 32 + 1, -1, 0].map((maxTokenExpiration) => ({ maxTokenExpiration })),
  ...[[], ["x"], [""]].map((apiAudiences) => ({ apiAudiences })),
  { keyFiles: [] }, { signingKeyFile: "" }, { keyFiles: [], signingKeyFile: "" },
];
const TOGETHER = [
  { issuers: [], signingKeyFile: "" }, { issuers: [], signingKeyFile: "", apiAudiences: ["x"] }, { issuers: [], keyFiles: [], jwksUri: "/keys" }, { issuers: [""], keyFiles: [], maxTokenExpiration: 1 },
  { issuers: ["https://a b", ""], keyFiles: [], jwksUri: "http://x" }, { issuers: ["x", "x"], signingKeyFile: "", apiAudiences: ["y"], jwksUri: "/keys" },
];

export async function startUpErrors(test, ground) {
  const matrix = new Matrix();
  const key = newKey("rsa");
  const files = { "sa.key": ground.write("start-up.key", key.privatePem), "sa.pub": ground.write("start-up.pub", key.publicPem) };
  const parts = [...PARTS, ...TOGETHER];
  const ports = await freePorts(parts.length);
  await sideBySide(parts, async (part, index) => {
    const cluster = { ...KEYS, ...part };
    const program = start(APISERVER, [
      // A certificate's key would stand in for the key files.
      ...groundFlags(ground, "start-up", ports[index]).filter((flag) => !flag.startsWith("--tls-")), `--cert-dir=${ground.file("start-up-certs")}`,
      ...(cluster.signingKeyFile ? [`--service-account-signing-key-file=${files[cluster.signingKeyFile]}`] : []),
      ...cluster.keyFiles.map((file) => `--service-account-key-file=${files[file]}`),
      ...flagsOf(cluster),
    ], ground.file(`start-up-${index}.log`));
    // The line with the version comes when all flags were found good.
    await until(program, () => / server\.go:\d+\] "?Version/.test(readFileSync(program.log, "utf8"))).catch(() => {});
    await stop(program);
    const said = failure(program.log);
    matrix.add(JSON.stringify(part), inspectCluster(cluster).errors.map(({ message }) => message), said === undefined ? [] : [said]);
  }, 3);
  matrix.settle(test);
}
