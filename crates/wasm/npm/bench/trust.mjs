/**
 * How long a decision on a role trust policy takes in Node: `node bench/trust.mjs [calls]`, on the built package.
 * One call reads the policy, judges claims, and tells trace, reach and findings. Prints a table; asserts nothing,
 * for machines differ. On a busy one the fastest batch tells most. The engine alone: `cargo bench -p podpass-tests`.
 */
const calls = Number(process.argv[2] ?? 5000);
const BATCH = 50;
const TARGET = 60;

const key = "oidc.eks.us-west-2.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE";
const sub = "system:serviceaccount:default:my-service-account";
const now = 1_789_124_000;
const policy = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{
    Effect: "Allow",
    Principal: { Federated: `arn:aws:iam::111122223333:oidc-provider/${key}` },
    Action: "sts:AssumeRoleWithWebIdentity",
    Condition: { StringEquals: { [`${key}:aud`]: "sts.amazonaws.com", [`${key}:sub`]: sub } },
  }],
}, null, 2);
const claims = { iss: `https://${key}`, sub, aud: ["sts.amazonaws.com"], iat: now - 60, nbf: now - 60, exp: now + 3540 };

const { evaluateFederation, version } = await import("../dist/index.js");
const trust = [{ system: "aws-irsa", text: policy }];
const several = Array.from({ length: 10 }, () => trust[0]);
const ROWS = [
  ["evaluateFederation, one policy", 1, () => evaluateFederation({ claims, trust, now })],
  ["evaluateFederation, ten policies, each", 10, () => evaluateFederation({ claims, trust: several, now })],
];

console.log(`podpass ${version()}, Node ${process.versions.node}, ${calls} calls each, microseconds\n`);
console.log("| call | fastest | median | target |\n| --- | ---: | ---: | ---: |");
for (const [name, decisions, run] of ROWS) {
  const batches = Array.from({ length: Math.ceil(calls / BATCH / decisions) + 1 }, () => {
    const start = performance.now();
    for (let i = 0; i < BATCH; i++) run();
    return ((performance.now() - start) * 1000) / BATCH / decisions;
  }).sort((a, b) => a - b);
  console.log(`| ${name} | ${batches[0].toFixed(1)} | ${batches[Math.floor(batches.length / 2)].toFixed(1)} | ${TARGET} |`);
}
