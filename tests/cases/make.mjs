/**
 * Makes the case files of the situations that users come with, each healthy and each broken in one way:
 * `node tests/cases/make.mjs`. Tokens are signed with RS256 by the keys in `tests/keys`, so the files come out
 * the same every time; `cargo xtask check` could not tell a stale one, a changed line in review can.
 *
 * What is expected comes from how the real systems behave (the rule ids in `why`), not from what podpass says.
 */
import { createHash, createHmac, createPrivateKey, createPublicKey, sign } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";

const NOW = 1_780_000_000;
const IAT = NOW - 600;
const EXP = IAT + 3600;

// ---------------------------------------------------------------- keys and tokens

const pem = (name) => createPrivateKey(readFileSync(new URL(`../keys/${name}.pem`, import.meta.url)));
/** K2: the API server names a key by the SHA-256 of its SubjectPublicKeyInfo. */
const kidOf = (key) => createHash("sha256").update(createPublicKey(key).export({ type: "spki", format: "der" })).digest("base64url");
const jwkOf = (key, alg) => ({ use: "sig", alg, kid: kidOf(key), ...createPublicKey(key).export({ format: "jwk" }) });

const CLUSTER = pem("cluster-rsa");
const OTHER = pem("other-rsa");
const JWKS = JSON.stringify({ keys: [jwkOf(CLUSTER, "RS256"), jwkOf(pem("cluster-p256"), "ES256")] });

const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
function token(claims, { key = CLUSTER, header = { alg: "RS256", kid: kidOf(key) }, signer } = {}) {
  const input = `${part(header)}.${part(claims)}`;
  const signature = signer ? signer(input) : sign("sha256", Buffer.from(input), key);
  return `${input}.${signature.toString("base64url")}`;
}

/** K5, K6, K8: what the API server signs for a pod, members sorted. */
const claims = ({ issuer, audience, namespace, account, pod, issuedAt = IAT, lifetime = 3600, more = {} }) => ({
  aud: [audience],
  exp: issuedAt + lifetime,
  iat: issuedAt,
  iss: issuer,
  jti: "2f0d1a86-7f5b-4d0c-9b0a-51c0a6a3f001",
  "kubernetes.io": {
    namespace,
    node: { name: "worker-0", uid: "b5766c61-0d1c-4b5e-9d5c-3f0a6c1f2a11" },
    pod: { name: pod, uid: "f47ac10b-58cc-4372-a567-0e02b2c3d479" },
    serviceaccount: { name: account, uid: "6ba7b810-9dad-11d1-80b4-00c04fd430c8" },
    ...more,
  },
  nbf: issuedAt,
  sub: `system:serviceaccount:${namespace}:${account}`,
});

/** Ways to break the token of a situation: what changes, and what `verifyServiceAccountToken` throws. */
const REFUSED = {
  "wrong-audience": ["ERR_JWT_CLAIM_VALIDATION_FAILED", "token/aud"],
  "trailing-slash": ["ERR_SA_ISSUER_UNKNOWN", "token/iss"],
  "another-cluster": ["ERR_SA_ISSUER_UNKNOWN", "token/iss"],
  "expired-by-one-second": ["ERR_JWT_EXPIRED", "token/exp"],
  "not-yet-valid": ["ERR_JWT_CLAIM_VALIDATION_FAILED", "token/nbf"],
  "unknown-kid": ["ERR_JWKS_NO_MATCHING_KEY", "token/key"],
  "changed-signature-byte": ["ERR_JWS_SIGNATURE_VERIFICATION_FAILED", "token/signature"],
  "hs256-with-the-public-key": ["ERR_JOSE_ALG_NOT_ALLOWED", "token/alg"],
  "alg-none": ["ERR_JOSE_ALG_NOT_ALLOWED", "token/alg"],
  "truncated": [{ $oneOf: ["ERR_JWS_INVALID", "ERR_JWT_INVALID"] }, "token/format"],
};

/** The token of a situation, broken in one way. Times are broken by moving `now`, or `nbf`. */
function broken(way, good, foreignAudience) {
  const valid = token(good);
  const publicKey = createPublicKey(CLUSTER).export({ type: "spki", format: "pem" });
  switch (way) {
    case "wrong-audience": return token({ ...good, aud: [foreignAudience] });
    case "trailing-slash": return token({ ...good, iss: `${good.iss}/` });
    case "another-cluster": return token({ ...good, iss: good.iss.replace(/.{4}$/, "0000") });
    case "not-yet-valid": return token({ ...good, nbf: NOW + 1800 });
    case "unknown-kid": return token(good, { header: { alg: "RS256", kid: kidOf(OTHER) } });
    case "changed-signature-byte": {
      const [header, payload, signature] = valid.split(".");
      const bytes = Buffer.from(signature, "base64url");
      bytes[100] ^= 1;
      return `${header}.${payload}.${bytes.toString("base64url")}`;
    }
    case "hs256-with-the-public-key":
      return token(good, { header: { alg: "HS256", kid: kidOf(CLUSTER) }, signer: (input) => createHmac("sha256", publicKey).update(input).digest() });
    case "alg-none": return token(good, { header: { alg: "none" }, signer: () => Buffer.alloc(0) });
    // In the middle of the payload, as a terminal cuts it.
    case "truncated": return valid.slice(0, valid.indexOf(".") + 100);
    default: return valid;
  }
}

// ---------------------------------------------------------------- documents

const IRSA_ISSUER = "https://oidc.eks.eu-central-1.amazonaws.com/id/5AC1D0F6E5B34C7D9B1A2E3F4C5D6E7F";
const providerOf = (issuer) => `arn:aws:iam::111122223333:oidc-provider/${issuer.slice("https://".length)}`;
const PROVIDER = { arn: providerOf(IRSA_ISSUER), clientIDList: ["sts.amazonaws.com"] };

const trustPolicy = (account, provider = PROVIDER.arn) => `{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Principal": {
        "Federated": "${provider}"
      },
      "Action": "sts:AssumeRoleWithWebIdentity",
      "Condition": {
        "StringEquals": {
          "${IRSA_ISSUER.slice(8)}:sub": "system:serviceaccount:production:${account}",
          "${IRSA_ISSUER.slice(8)}:aud": "sts.amazonaws.com"
        }
      }
    }
  ]
}
`;

const IRSA_POD = `apiVersion: v1
kind: Pod
metadata:
  name: payments-api
  namespace: production
spec:
  serviceAccountName: payments-sa
  automountServiceAccountToken: false
  containers:
    - name: payments-api
      image: ghcr.io/acme/payments-api:1.4.2
      env:
        - name: AWS_ROLE_ARN
          value: arn:aws:iam::111122223333:role/payments-api
        - name: AWS_WEB_IDENTITY_TOKEN_FILE
          value: /var/run/secrets/eks.amazonaws.com/serviceaccount/token
      volumeMounts:
        - name: aws-token
          mountPath: /var/run/secrets/eks.amazonaws.com/serviceaccount
          readOnly: true
        - name: kube-api-token
          mountPath: /var/run/secrets/kubernetes.io/serviceaccount
          readOnly: true
  volumes:
    - name: aws-token
      projected:
        sources:
          - serviceAccountToken:
              path: token
              expirationSeconds: 3600
              audience: sts.amazonaws.com
    - name: kube-api-token
      projected:
        sources:
          - serviceAccountToken:
              path: token
              expirationSeconds: 3600
              audience: https://kubernetes.default.svc
`;

const DEFAULT_POD = `apiVersion: v1
kind: Pod
metadata:
  name: web
  namespace: sa-demo
spec:
  containers:
    - name: web
      image: registry.k8s.io/nginx:1.27
`;

const NO_AUTOMOUNT_POD = DEFAULT_POD.replace("spec:\n", "spec:\n  automountServiceAccountToken: false\n");

const SERVICE_POD = `apiVersion: v1
kind: Pod
metadata:
  name: orders
  namespace: production
spec:
  serviceAccountName: orders
  automountServiceAccountToken: false
  containers:
    - name: orders
      image: ghcr.io/acme/orders:2.0.1
      volumeMounts:
        - name: auth-token
          mountPath: /var/run/secrets/tokens
  volumes:
    - name: auth-token
      projected:
        sources:
          - serviceAccountToken:
              path: auth
              expirationSeconds: 1800
              audience: https://auth-service.internal
`;

const ANNOTATED = `apiVersion: v1
kind: ServiceAccount
metadata:
  name: auth-service
  namespace: production
  annotations:
    eks.amazonaws.com/role-arn: arn:aws:iam::111122223333:role/auth-service
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: auth-service
  namespace: production
spec:
  selector:
    matchLabels:
      app: auth-service
  template:
    metadata:
      labels:
        app: auth-service
    spec:
      serviceAccountName: auth-service
      containers:
        - name: app
          image: ghcr.io/acme/auth-service:3.2.0
`;

/** One space too many in front of \`automountServiceAccountToken\` or, without one, the second member of the pod's spec or metadata. */
function badlyIndented(manifests) {
  const lines = manifests.split("\n");
  const at = lines.findIndex((line) => /^ {2,}(automount|namespace)/.test(line));
  lines[at] = ` ${lines[at]}`;
  return { text: lines.join("\n"), line: at + 1 };
}

// ---------------------------------------------------------------- what must be answered

const AWS_GENERIC = "The web identity token provided could not be validated. See the AssumeRoleWithWebIdentity documentation for requirements.";
const DENIED = { code: "AccessDenied", httpStatus: 403, message: "Not authorized to perform sts:AssumeRoleWithWebIdentity" };
const invalidToken = (...texts) => ({ $all: [{ code: "InvalidIdentityToken", httpStatus: 400 }, { $wordings: texts }] });
const noProvider = (issuer) => invalidToken(`No OpenIDConnect provider found in your account for ${issuer}`, AWS_GENERIC);

/** A1, with the provider's audience list given: by way of breaking, the stage and the error of STS. */
const AWS = {
  "wrong-audience": ["A4, A24: the provider does not list it", "audience", invalidToken("Incorrect token audience", AWS_GENERIC)],
  "trailing-slash": ["A4, A22: a trailing slash is another provider", "provider", noProvider(`${IRSA_ISSUER}/`)],
  "another-cluster": ["A4, A20: no provider has this issuer", "provider", noProvider(IRSA_ISSUER.replace(/.{4}$/, "0000"))],
  "not-yet-valid": ["A35, A36: 300 s of tolerance", "time", {
    code: "InvalidIdentityToken", httpStatus: 400,
    message: `Token not yet valid: current date/time ${NOW + 300} must be after or equal to the not-before date/time ${NOW + 1800}`,
  }],
  "unknown-kid": ["A6", "keys", invalidToken("Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements")],
  "changed-signature-byte": ["A4, A37", "signature", invalidToken(AWS_GENERIC)],
  // That they never pass is known, at which step they fall is not.
  "hs256-with-the-public-key": ["A37: HMAC never passes", { $oneOf: ["format", "keys", "signature"] }, { code: "InvalidIdentityToken" }],
  "alg-none": ["A37: none never passes", { $oneOf: ["format", "keys", "signature"] }, { code: "InvalidIdentityToken" }],
  "truncated": ["A1 step 3", "format", invalidToken("The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)")],
};

/** TokenReview (K47 to K53, K64). An issuer that is not accepted, or no JWT at all, is skipped in silence (K49). */
const SILENT = "invalid bearer token";
const REVIEW = {
  "wrong-audience": ["K52", "audience", `[invalid bearer token, token audiences ["vault"] is invalid for the target audiences ["https://10.0.1.10:6443"]]`],
  "trailing-slash": ["K49", "issuer", SILENT],
  "another-cluster": ["K49", "issuer", SILENT],
  "expired-by-one-second": ["K53: 60 s of tolerance", "time", "[invalid bearer token, service account token has expired]"],
  "not-yet-valid": ["K53", "time", "[invalid bearer token, service account token is not valid yet]"],
  "unknown-kid": ["K50", "keys", "[invalid bearer token, invalid signature, no keys found]"],
  "changed-signature-byte": ["K50", "signature", "[invalid bearer token, go-jose/go-jose: error in cryptographic primitive]"],
  "truncated": ["K49", "format", SILENT],
};

const check = (id, status) => ({ $some: { id, status } });
const NO_FAILURE = { $none: { status: "fail" } };

/** Both styles of verification: the throwing one and the listing one. */
function verification(text, options, [code, id] = []) {
  const call = (name, expected) => ({ function: name, arguments: [text, JWKS, options], expected });
  if (!code) {
    return [call("verifyServiceAccountToken", { issuer: options.issuer, audiences: [options.audience] }), call("checkServiceAccountToken", { ok: true, checks: NO_FAILURE })];
  }
  const error = { name: { $not: { $oneOf: ["Error", "PodpassError", "TypeError"] } }, code, message: { $not: { $contains: text } } };
  return [call("try:verifyServiceAccountToken", { error }), call("checkServiceAccountToken", { ok: false, checks: check(id, "fail") })];
}

function write(area, name, why, calls) {
  const folder = new URL(`${area}/`, import.meta.url);
  mkdirSync(folder, { recursive: true });
  const text = JSON.stringify({ id: `${area}-${name}`, kind: area, why, calls }, null, 2);
  writeFileSync(new URL(`${name}.json`, folder), `${text}\n`);
}
const call = (name, argument, expected) => ({ function: name, arguments: [argument], expected });

// ---------------------------------------------------------------- AWS: two volumes, or an annotated account

function aws(area, { manifests, account, pod, pods, cluster }) {
  const good = claims({ issuer: IRSA_ISSUER, audience: "sts.amazonaws.com", namespace: "production", account, pod });
  const document = (text, facts = {}) => ({ system: "aws-irsa", text, facts: { providers: [PROVIDER], ...facts } });
  const trust = [document(trustPolicy(account))];
  const options = { issuer: IRSA_ISSUER, audience: "sts.amazonaws.com", now: NOW };
  const input = { token: token(good), jwks: JWKS, manifests, trust, cluster: { issuers: [IRSA_ISSUER], ...cluster }, now: NOW };
  const allowed = { system: "aws-irsa", verdict: "allow", decision: "allowed", stage: null, error: null, checks: { $none: { status: { $oneOf: ["fail", "unknown"] } } } };
  const denied = (stage, error, decision) => ({ system: "aws-irsa", verdict: "deny", stage, error, ...(decision && { decision }), grant: null });

  write(area, "healthy", "A1, A40, A42, K68", [
    call("explain", input, { schema: 1, now: NOW, token: { ok: true, kind: "external" }, verification: NO_FAILURE, pods, federation: [allowed] }),
    ...verification(input.token, options),
  ]);
  for (const way of Object.keys(AWS)) {
    const [why, stage, error] = AWS[way];
    const text = broken(way, good, "https://kubernetes.default.svc");
    write(area, way, why, [
      call("explain", { ...input, token: text }, { pods, federation: [denied(stage, error)] }),
      ...verification(text, options, REFUSED[way]),
    ]);
  }
  write(area, "wrong-audience-in-the-policy", "A41, A53: the provider lists the audience, the policy wants another", [
    call("explain", { ...input, token: broken("wrong-audience", good, "https://kubernetes.default.svc"), trust: [document(trustPolicy(account), { providers: [{ ...PROVIDER, clientIDList: ["https://kubernetes.default.svc"] }] })] },
      { federation: [denied("trust-policy", DENIED, "implicit-deny")] }),
  ]);
  const staging = token(claims({ issuer: IRSA_ISSUER, audience: "sts.amazonaws.com", namespace: "staging", account, pod }));
  write(area, "wrong-namespace", "A42, A53: sub names another namespace", [
    call("explain", { ...input, token: staging }, { federation: [denied("trust-policy", DENIED, "implicit-deny")] }),
    ...verification(staging, { ...options, expect: { namespace: "production" } }, ["ERR_SA_BINDING_MISMATCH", "token/expect/namespace"]),
  ]);
  const foreign = providerOf(IRSA_ISSUER.replace(/.{4}$/, "0000"));
  write(area, "provider-of-another-cluster", "A54, A55: the statement's principal is another provider", [
    call("explain", { ...input, trust: [document(trustPolicy(account, foreign))] }, { federation: [denied("trust-policy", DENIED, "implicit-deny")] }),
  ]);
  write(area, "only-the-other-cluster-has-a-provider", "A4, A20", [
    call("explain", { ...input, trust: [document(trustPolicy(account, foreign), { providers: [{ ...PROVIDER, arn: foreign }] })] }, { federation: [denied("provider", noProvider(IRSA_ISSUER))] }),
  ]);
  // A35: five minutes for STS, K53: one for a verifier. A second past each border, and a second before it.
  const timed = (now) => ({ ...input, now });
  const expiredText = (now) => ({ code: "ExpiredTokenException", httpStatus: 400, message: `Token expired: current date/time ${now - 300} must be before the expiration date/time ${EXP}` });
  write(area, "expired-by-one-second", "A35, A36, K53", [
    call("explain", timed(EXP + 299), { federation: [allowed] }),
    call("explain", timed(EXP + 301), { federation: [denied("time", expiredText(EXP + 301))] }),
    ...verification(input.token, { ...options, now: EXP + 60 }),
    ...verification(input.token, { ...options, now: EXP + 61 }, REFUSED["expired-by-one-second"]),
  ]);
  const cut = trustPolicy(account).replace('"Allow",', '"Allow"');
  write(area, "trust-policy-without-a-comma", "IAM stores no policy that is not JSON; the rest of the report stands", [
    call("explain", { ...input, trust: [document(cut)] }, {
      token: { ok: true }, pods,
      federation: [{ verdict: "unknown", stage: "document", rejected: { code: "MalformedPolicyDocument" }, checks: { $some: { span: { input: "trust", line: 6 } } } }],
    }),
  ]);
  indentation(area, manifests, (text) => ["explain", { ...input, manifests: text }, { token: { ok: true }, verification: NO_FAILURE, federation: [allowed] }]);
}

/** A YAML error is told with its line, and takes nothing else down. */
function indentation(area, manifests, rest) {
  const { text, line } = badlyIndented(manifests);
  const calls = rest ? [rest(text)] : [];
  write(area, "yaml-indentation", "a message with line and column; the other inputs keep working", [
    { function: "inspectPods", arguments: [text], expected: { checks: { $some: { id: { $contains: "manifests/" }, status: "fail", span: { input: "manifests", line } } } } },
    ...calls.map(([name, argument, expected]) => call(name, argument, expected)),
  ]);
}

const AWS_DIRECTORY = "/var/run/secrets/eks.amazonaws.com/serviceaccount";
const API_DIRECTORY = "/var/run/secrets/kubernetes.io/serviceaccount";
const INJECTED = { $some: { volume: { $contains: "kube-api-access-" }, audience: null, expirationSeconds: 3607, injectedBy: { $not: { $empty: true } } } };

aws("irsa", {
  manifests: IRSA_POD, account: "payments-sa", pod: "payments-api", cluster: {},
  pods: [{
    workload: { kind: "Pod", name: "payments-api", namespace: "production" },
    serviceAccount: { name: "payments-sa", defaulted: false },
    rejected: null,
    tokens: [
      { volume: "aws-token", audience: "sts.amazonaws.com", expirationSeconds: 3600, injectedBy: null, mounts: [{ container: "payments-api", file: `${AWS_DIRECTORY}/token`, env: ["AWS_WEB_IDENTITY_TOKEN_FILE"] }] },
      { volume: "kube-api-token", audience: "https://kubernetes.default.svc", expirationSeconds: 3600, injectedBy: null, mounts: [{ container: "payments-api", file: `${API_DIRECTORY}/token`, env: [] }] },
    ],
  }],
});

aws("role-annotation", {
  manifests: ANNOTATED, account: "auth-service", pod: "auth-service-7d9f4b-abc12",
  cluster: { webhooks: { eks: false } },
  pods: [{
    workload: { kind: "Deployment", name: "auth-service", namespace: "production" },
    serviceAccount: { name: "auth-service", defaulted: false },
    rejected: null,
    tokens: { $all: [INJECTED, { $none: { audience: "sts.amazonaws.com" } }] },
  }],
});

// ---------------------------------------------------------------- the pod without a ServiceAccount

{
  const area = "default-account";
  const issuer = "https://10.0.1.10:6443";
  const cluster = { issuers: [issuer] };
  // K17: a year instead of the 3607 s that were asked for; `warnafter` tells when those are over.
  const good = claims({ issuer, audience: issuer, namespace: "sa-demo", account: "default", pod: "web", lifetime: 31_536_000, more: { warnafter: IAT + 3607 } });
  const options = { issuer, audience: issuer, now: NOW };
  const input = { token: token(good), jwks: JWKS, manifests: DEFAULT_POD, trust: [{ system: "kubernetes", text: "" }], cluster, now: NOW };
  const pods = [{
    serviceAccount: { name: "default", namespace: "sa-demo", defaulted: true },
    rejected: null,
    tokens: [{ audience: null, expirationSeconds: 3607, path: "token", mounts: [{ container: "web", file: `${API_DIRECTORY}/token` }] }],
  }];
  write(area, "healthy", "K17, K19, K67 to K73; K54, K66: whether its objects still exist is unknown here", [
    call("explain", input, {
      token: { ok: true, kind: "bound", extended: true, warnAfter: IAT + 3607, expiresAt: IAT + 31_536_000 },
      verification: NO_FAILURE, pods, federation: [{ system: "kubernetes", verdict: "unknown", stage: null, checks: NO_FAILURE }],
    }),
    call("kubeletRefresh", { expirationTimestamp: IAT + 3607, expirationSeconds: 3607 }, {
      // K26: 3607 less a fifth (721), less the jitter of 0 to 9 s; K34: the file up to 91 s later.
      due: { earliest: IAT + 2886 - 9, latest: IAT + 2886 }, fileChanges: { earliest: IAT + 2886 - 9, latest: IAT + 2886 + 91 },
    }),
    ...verification(input.token, options),
  ]);
  const exp = IAT + 31_536_000;
  for (const [way, [why, stage, message]] of Object.entries(REVIEW)) {
    const now = way === "expired-by-one-second" ? exp + 61 : NOW;
    const text = broken(way, good, "vault");
    write(area, way, why, [
      call("explain", { ...input, token: text, now }, { pods, federation: [{ system: "kubernetes", verdict: "deny", stage, error: { code: "", message } }] }),
      ...verification(text, { ...options, now }, REFUSED[way]),
    ]);
  }
  for (const way of ["hs256-with-the-public-key", "alg-none"]) {
    const text = broken(way, good);
    write(area, way, "K4, K50: a crypto failure", [
      call("explain", { ...input, token: text }, { federation: [{ verdict: "deny", stage: "signature" }] }),
      ...verification(text, options, REFUSED[way]),
    ]);
  }
  write(area, "tolerance", "K53: borders included", [
    ...verification(input.token, { ...options, now: exp + 60 }),
    ...verification(input.token, { ...options, now: IAT - 60 }),
    ...verification(input.token, { ...options, now: IAT - 61 }, REFUSED["not-yet-valid"]),
  ]);
  const contradiction = token({ ...good, sub: "system:serviceaccount:production:default" });
  write(area, "wrong-namespace-in-sub", "K57: the API server does not read sub; a verifier that hands it on must", [
    call("explain", { ...input, token: contradiction }, { federation: [{ verdict: "unknown", stage: null, checks: NO_FAILURE }] }),
    ...verification(contradiction, options, ["ERR_JWT_CLAIM_VALIDATION_FAILED", "token/sub"]),
  ]);
  indentation(area, DEFAULT_POD, (text) => ["explain", { ...input, manifests: text }, { token: { ok: true }, verification: NO_FAILURE }]);
}

// ---------------------------------------------------------------- no token wanted

{
  const pods = [{ serviceAccount: { name: "default", defaulted: true }, rejected: null, tokens: [], injected: { $none: { by: "serviceaccount-admission", patch: { $some: { path: { $contains: "/spec/volumes" } } } } } }];
  write("no-automount", "healthy", "K68", [
    call("explain", { manifests: NO_AUTOMOUNT_POD, now: NOW }, { token: null, pods, federation: [] }),
    { function: "inspectPods", arguments: [NO_AUTOMOUNT_POD], expected: { pods, checks: NO_FAILURE } },
  ]);
  indentation("no-automount", NO_AUTOMOUNT_POD);
}

// ---------------------------------------------------------------- a legacy Secret's token

{
  const area = "legacy-secret";
  const issuer = "kubernetes/serviceaccount";
  const prefix = "kubernetes.io/serviceaccount/";
  // K7
  const good = {
    iss: issuer,
    [`${prefix}namespace`]: "production",
    [`${prefix}secret.name`]: "ci-token",
    [`${prefix}service-account.name`]: "ci",
    [`${prefix}service-account.uid`]: "0b1d6a1e-5a8e-4f3f-8f16-7a0c3d3b9a55",
    sub: "system:serviceaccount:production:ci",
  };
  const text = token(good);
  const options = { issuer, audience: null, allowLegacy: true, now: NOW };
  const call3 = (name, one, wanted, expected) => ({ function: name, arguments: [one, JWKS, wanted], expected });
  const refused = (one, wanted, [code, id]) => [
    call3("try:verifyServiceAccountToken", one, wanted, { error: { code, message: { $not: { $contains: one } } } }),
    call3("checkServiceAccountToken", one, wanted, { ok: false, checks: check(id, "fail") }),
  ];
  write(area, "healthy", "K7; A30: it never works at AWS", [
    call("decodeToken", text, { ok: true, kind: "legacy-secret", serviceAccount: { namespace: "production", name: "ci" }, secret: { name: "ci-token" }, audiences: [], expiresAt: null, extended: false }),
    call3("verifyServiceAccountToken", text, options, { kind: "legacy-secret", serviceAccount: { name: "ci" }, expiresAt: null }),
    ...refused(text, { ...options, allowLegacy: false }, ["ERR_SA_LEGACY_TOKEN", "token/kind"]),
    call("explain", { token: text, jwks: JWKS, trust: [{ system: "aws-irsa", text: trustPolicy("ci"), facts: { providers: [PROVIDER] } }], now: NOW },
      { federation: [{ verdict: "deny", stage: "claims", error: { code: "InvalidIdentityToken", message: { $contains: "Missing a required claim: " } } }] }),
  ]);
  for (const way of ["unknown-kid", "changed-signature-byte", "hs256-with-the-public-key", "alg-none", "truncated"]) {
    write(area, way, `K4, K50; ${REFUSED[way][1]}`, refused(broken(way, good), options, REFUSED[way]));
  }
  write(area, "wrong-namespace-in-sub", "K94: sub must agree", refused(token({ ...good, sub: "system:serviceaccount:staging:ci" }), options, ["ERR_JWT_CLAIM_VALIDATION_FAILED", "token/sub"]));
  write(area, "trailing-slash", "another issuer than the one trusted", refused(token({ ...good, iss: `${issuer}/` }), options, ["ERR_SA_ISSUER_UNKNOWN", "token/iss"]));
  write(area, "wrong-audience", "no aud: it passes only where none is wanted", refused(text, { ...options, audience: "https://kubernetes.default.svc" }, ["ERR_JWT_CLAIM_VALIDATION_FAILED", "token/aud"]));
}

// ---------------------------------------------------------------- one service calls another

{
  const area = "service-to-service";
  const issuer = "https://kubernetes.default.svc.cluster.local";
  const audience = "https://auth-service.internal";
  const good = claims({ issuer, audience, namespace: "production", account: "orders", pod: "orders-5f6d8c7b9-x2k4q", lifetime: 1800 });
  const options = { issuer, audience, now: NOW, expect: { namespace: "production", serviceAccount: "orders" } };
  const pods = [{
    serviceAccount: { name: "orders", defaulted: false },
    rejected: null,
    tokens: [{ volume: "auth-token", path: "auth", audience, expirationSeconds: 1800, mounts: [{ container: "orders", file: "/var/run/secrets/tokens/auth" }] }],
  }];
  write(area, "healthy", "K5, K6, K24", [
    call("explain", { token: token(good), jwks: JWKS, manifests: SERVICE_POD, cluster: { issuers: [issuer], apiAudiences: [audience] }, now: NOW }, { token: { kind: "external" }, verification: NO_FAILURE, pods }),
    ...verification(token(good), options),
  ]);
  for (const way of Object.keys(REFUSED)) {
    const now = way === "expired-by-one-second" ? IAT + 1800 + 61 : NOW;
    write(area, way, "peers verify offline: the first failing check is thrown, all of them are listed", verification(broken(way, good, "https://auth-service.internal/"), { ...options, now }, REFUSED[way]));
  }
  const staging = token(claims({ issuer, audience, namespace: "staging", account: "orders", pod: "orders-5f6d8c7b9-x2k4q", lifetime: 1800 }));
  write(area, "wrong-namespace", "the same account's name in another namespace", verification(staging, options, ["ERR_SA_BINDING_MISMATCH", "token/expect/namespace"]));
  indentation(area, SERVICE_POD);
}
