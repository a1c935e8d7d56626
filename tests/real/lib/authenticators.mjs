/** AuthenticationConfiguration: authenticators that differ in one thing, files that are refused, and tokens for them. */

const USERNAME = { claim: "sub", prefix: "ext:" };
const authenticator = ({ issuer, mappings, ...more } = {}) => ({
  issuer: { audiences: ["hub"], ...issuer }, claimMappings: { username: USERNAME, ...mappings }, ...more,
});
const username = (expression) => authenticator({ mappings: { username: { expression } } });
const mapped = (mappings) => authenticator({ mappings });
const ruled = (...claimValidationRules) => authenticator({ claimValidationRules });
const userRuled = (...userValidationRules) => authenticator({ userValidationRules, mappings: { groups: { claim: "groups", prefix: "g:" } } });

/** Each trusts one issuer, whose name it has. */
export const AUTHENTICATORS = [
  authenticator(),
  authenticator({ issuer: { audienceMatchPolicy: "MatchAny" } }),
  authenticator({ issuer: { audiences: ["hub", "spoke"], audienceMatchPolicy: "MatchAny" } }),
  mapped({ username: { claim: "sub", prefix: "" } }),
  mapped({ username: { claim: "email", prefix: "" } }),
  mapped({ username: { claim: "preferred", prefix: "p:" } }),
  mapped({ username: { claim: "kubernetes.io", prefix: "p:" } }),
  username("claims.sub"),
  username("'ext:' + claims.sub"),
  username("claims.kubernetes__dot__io.namespace + '/' + claims[\"kubernetes.io\"].serviceaccount.name"),
  username("claims.?email.orValue('nobody')+string(claims.?email_verified.orValue(false))"),
  username("claims.exp"),
  username("claims.missing"),
  username("''"),
  username("has(claims.email) && claims.email_verified ? claims.email : claims.sub"),
  username("string(int(claims.exp) - int(claims.iat))"),
  username("claims.sub.split(':')[3].upperAscii()"),
  username("claims.aud.size() == 1 ? claims.sub : claims.jti"),
  mapped({ groups: { claim: "groups", prefix: "g:" } }),
  mapped({ groups: { claim: "groups", prefix: "" } }),
  mapped({ groups: { claim: "sub", prefix: "g:" } }),
  mapped({ groups: { expression: "claims.groups" } }),
  mapped({ groups: { expression: "claims.?groups.orValue([])" } }),
  mapped({ groups: { expression: "'a,b,,c'.split(',')" } }),
  mapped({ groups: { expression: "dyn(claims.groups).map(g, 'x:' + g)" } }),
  mapped({ groups: { expression: "dyn(claims.groups).filter(g, g.matches('^[a-z]+$'))" } }),
  mapped({ groups: { expression: "claims.kubernetes__dot__io.namespace" } }),
  mapped({ uid: { claim: "uid" } }),
  mapped({ uid: { expression: "claims.kubernetes__dot__io.serviceaccount.uid" } }),
  mapped({ extra: [{ key: "example.com/ns", valueExpression: "claims.kubernetes__dot__io.namespace" }, { key: "example.com/groups", valueExpression: "claims.?groups.orValue('')" }] }),
  mapped({ extra: [{ key: "example.com/exp", valueExpression: "string(claims.exp)" }, { key: "example.com/missing", valueExpression: "claims.missing" }] }),
  mapped({ uid: { expression: "claims.jti" }, groups: { claim: "groups", prefix: "g:" }, extra: [{ key: "example.com/email", valueExpression: "claims.email" }] }),
  ruled({ claim: "hd", requiredValue: "example.org" }),
  ruled({ claim: "hd" }),
  ruled({ claim: "hd", requiredValue: "example.org" }, { claim: "tier", requiredValue: "gold" }),
  ruled({ expression: "claims.hd == 'example.org'", message: "only example.org" }),
  ruled({ expression: "claims.hd == 'example.org'" }),
  ruled({ expression: "claims.exp - claims.iat <= 3600", message: "lives too long" }),
  ruled({ expression: "claims.missing == 'x'", message: "no" }, { expression: "claims.hd == 'example.org'", message: "hd" }),
  ruled({ expression: "claims.hd != 'example.org'", message: "first" }, { claim: "tier", requiredValue: "gold" }),
  ruled({ expression: "dyn(claims.groups).exists(g, g == 'admins') || claims.sub.startsWith('system:')", message: "admins" }),
  ruled({ expression: "has(claims.email_verified) && claims.email_verified == true", message: "verified" }),
  ruled({ expression: "'hub' in dyn(claims.aud)", message: "hub" }),
  ruled({ expression: "timestamp(int(claims.exp)) > timestamp('2020-01-01T00:00:00Z')", message: "old" }),
  ruled({ expression: "claims.kubernetes__dot__io.namespace.matches('^pay.*s$') && isURL(claims.iss) && url(claims.iss).getHost() == claims.missing", message: "m" }),
  userRuled({ expression: "!user.username.startsWith('system:')", message: "system names are reserved" }),
  userRuled({ expression: "!user.username.startsWith('ext:')", message: "ext names are reserved" }),
  userRuled({ expression: "user.groups.all(g, !g.startsWith('system:'))" }),
  userRuled({ expression: "size(user.groups) < 2", message: "too many groups" }),
  userRuled({ expression: "user.extra['authentication.kubernetes.io/credential-id'].size() == 1", message: "one id" }),
  userRuled({ expression: "user.uid == ''", message: "no uid" }, { expression: "user.username.contains('payments')", message: "payments" }),
];

export const issuerName = (index) => `a${index}`;

/** Claims as another cluster signs them, with what else the mappings ask for. */
export const claimsFor = (issuer, now) => ({
  iss: issuer, aud: ["hub"], exp: now + 3600, iat: now, nbf: now, jti: "26fd3736-5bcd-4b06-9f66-89a5495a2827", sub: "system:serviceaccount:payments:api",
  email: "a@example.org", email_verified: true, groups: ["admins", "Devs"], hd: "example.org", tier: "gold", uid: "u-1", preferred: "anna",
  "kubernetes.io": { namespace: "payments", serviceaccount: { name: "api", uid: "e77ecb9c-fed1-4e2f-9b43-0076f9e13a80" } },
});

/** What a claim may be instead; undefined: it is missing. */
export const VALUES = [undefined, null, "", "x", 1, true, [], ["a", "", "b"], ["hub"], [1], {}, "hub"];

const config = (...jwt) => ({ apiVersion: "apiserver.config.k8s.io/v1", kind: "AuthenticationConfiguration", jwt });
const issued = (more, url = "https://issuer.example") => ({ ...authenticator(more), issuer: { url, audiences: ["hub"], ...more?.issuer } });

/** Files with which no API server starts, or that seem so. */
export const FILES = [
  "", "# nothing\n", "hello\n", "[]", "apiVersion: v1\nkind: Pod\n", JSON.stringify({ ...config(), kind: "Other" }), JSON.stringify({ ...config(), apiVersion: "apiserver.config.k8s.io/v9" }),
  JSON.stringify({ ...config(issued()), unknown: 1 }), JSON.stringify(config({ ...issued(), Issuer: {} })), "apiVersion: apiserver.config.k8s.io/v1\nkind: AuthenticationConfiguration\njwt: []\njwt: []\n",
  ...[
    config({}), config(issued(), issued()), config(issued({}, "http://issuer.example")), config(issued({}, "")), config(issued({}, "https://issuer.example?x=1")), config(issued({}, "https://u@issuer.example#f")), config(issued({}, "https://a b")),
    config(issued({}, "https://kubernetes.default.svc.cluster.local")), config(issued({ issuer: { audiences: [] } })), config(issued({ issuer: { audiences: ["a", "a"] } })), config(issued({ issuer: { audiences: ["a", "b"] } })),
    config(issued({ issuer: { audiences: ["", "b"], audienceMatchPolicy: "MatchAny" } })), config(issued({ issuer: { audienceMatchPolicy: "MatchAll" } })), config(issued({ issuer: { discoveryURL: "https://issuer.example" } })),
    config(issued({ issuer: { discoveryURL: "http://other.example/.well-known/openid-configuration" } })), config(issued({ issuer: { certificateAuthority: "nonsense" } })),
    config(issued({ mappings: { username: {} } })), config(issued({ mappings: { username: { claim: "sub" } } })), config(issued({ mappings: { username: { claim: "sub", expression: "claims.sub" } } })), config(issued({ mappings: { username: { expression: "claims." } } })),
    config(issued({ mappings: { username: { expression: "claims.email" } } })), config(issued({ mappings: { username: { expression: "user.name" } } })), config(issued({ mappings: { username: { claim: "sub", prefix: "" }, groups: { claim: "g" } } })),
    config(issued({ mappings: { uid: { claim: "a", expression: "b" } } })), config(issued({ mappings: { extra: [{ key: "A", valueExpression: "'x'" }] } })), config(issued({ mappings: { extra: [{ key: "example.com/a" }, { key: "example.com/a", valueExpression: "'x'" }] } })),
    config(issued({ mappings: { extra: [{ key: "kubernetes.io/a", valueExpression: "'x'" }, { key: "x.k8s.io/a", valueExpression: "'x'" }] } })),
    config(issued({ claimValidationRules: [{}] })), config(issued({ claimValidationRules: [{ claim: "a" }, { claim: "a" }] })), config(issued({ claimValidationRules: [{ claim: "a", expression: "true" }] })),
    config(issued({ claimValidationRules: [{ claim: "a", message: "m" }, { expression: "true", requiredValue: "x" }, { expression: "claims.sub" }, { expression: "1 +" }, { expression: "true" }, { expression: "true" }] })),
    config(issued({ userValidationRules: [{}, { expression: "user.name == 'a'" }, { expression: "user.username" }, { expression: "claims.sub == 'a'" }, { expression: "true" }, { expression: "true" }] })),
    { ...config(), anonymous: { conditions: [{ path: "/x" }] } }, config(...Array.from({ length: 65 }, (_, index) => issued({}, `https://issuer.example/${index}`))),
  ].map((file) => JSON.stringify(file)),
];
