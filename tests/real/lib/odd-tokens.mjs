/** Tokens that no API server issues, signed all the same: by the cluster's own key, so that the last question decides. */
import { mint, newKey, part } from "./keys.mjs";

const WRONG_TYPES = [null, true, 1, 1.5, -1, "", "x", [], ["a"], [""], [1], {}, { a: 1 }];
const NUMBERS = ["0", "-0", "1e300", "-1e300", "1e3", "1e400", "1.5e9", "4102444800.9", "4102444800000", "1234567890123456789012345", "0.5", "-1"];
const BORDERS = [-3600, -65, -55, -1, 0, 1, 55, 65, 3600];

const clone = (value) => JSON.parse(JSON.stringify(value));
const at = (claims, path) => path.slice(0, -1).reduce((value, name) => value[name], claims);

/** A copy with one member set, or taken away where the value is undefined. */
export function changed(claims, path, value) {
  const copy = clone(claims);
  const place = at(copy, path);
  if (value === undefined) delete place[path.at(-1)];
  else place[path.at(-1)] = value;
  return copy;
}

/** Every place of the claims, members of members too. */
export function places(claims, path = []) {
  return Object.entries(claims).flatMap(([name, value]) => {
    const here = [...path, name];
    const below = typeof value === "object" && value !== null && !Array.isArray(value) ? places(value, here) : [];
    return [here, ...below];
  });
}

/** `[name, token]` for each claim missing and of each wrong type. */
export function wrongClaims(key, claims) {
  return places(claims).flatMap((path) => [
    [`without ${path.join(".")}`, mint(key, changed(claims, path, undefined))],
    ...WRONG_TYPES.map((value) => [`${path.join(".")} is ${JSON.stringify(value)}`, mint(key, changed(claims, path, value))]),
  ]);
}

/** Every time claim about its borders, in wrong notations, and in pairs. */
export function wrongTimes(key, claims, now) {
  const names = ["exp", "nbf", "iat"];
  const near = names.flatMap((name) => BORDERS.map((offset) => [`${name} ${offset} s from now`, changed(claims, [name], now + offset)]));
  const pairs = [["exp", "nbf"], ["exp", "iat"], ["nbf", "iat"]].flatMap(([one, other]) =>
    [-3600, 3600].flatMap((left) => [-3600, 3600].map((right) => [`${one} ${left}, ${other} ${right}`, changed(changed(claims, [one], now + left), [other], now + right)])));
  const odd = [...names, "kubernetes.io.warnafter"].flatMap((name) => NUMBERS.map((number) => {
    const path = name.startsWith("kubernetes.io.") ? ["kubernetes.io", "warnafter"] : [name];
    const text = JSON.stringify(changed(claims, path, "@")).replace('"@"', number);
    return [`${name} is ${number}`, text];
  }));
  return [...near, ...pairs, ...odd].map(([name, payload]) => [name, mint(key, payload)]);
}

const CLAIM = '"sub":';

/** Payloads that parsers read differently. */
export function oddPayloads(key, claims) {
  const text = JSON.stringify(claims);
  const inside = (more) => text.replace(CLAIM, `${more},${CLAIM}`);
  const texts = {
    ...Object.fromEntries(Object.keys(claims).map((name) => [`duplicate ${name}`, inside(`${JSON.stringify(name)}:${JSON.stringify(claims[name])}`)])),
    "duplicate iss, another first": text.replace("{", '{"iss":"https://other.example",'),
    "duplicate unknown member": inside('"x":1,"x":2'),
    "duplicate inside": text.replace('"namespace":', '"namespace":"a","namespace":'),
    "duplicate name inside": text.replace('"name":', '"name":"a","name":'),
    "duplicate in an unknown member": inside('"x":{"y":1,"y":2}'),
    "other case Iss": text.replace('"iss"', '"Iss"'),
    "other case ISS as well": inside('"ISS":"https://other.example"'),
    "other case Sub": text.replace('"sub"', '"Sub"'),
    "other case EXP": text.replace('"exp"', '"EXP"'),
    "other case Kubernetes.io": text.replace('"kubernetes.io"', '"Kubernetes.io"'),
    "other case Namespace": text.replace('"namespace"', '"Namespace"'),
    "other case Name": text.replaceAll('"name"', '"NAME"'),
    "escaped member name": text.replace('"iss"', '"\\u0069ss"'),
    "escaped slash": text.replace("https://", "https:\\/\\/"),
    "white space around": ` \n\t${text}\r\n `,
    "white space inside": JSON.stringify(claims, null, 2),
    "a byte order mark": `\ufeff${text}`,
    "something after it": `${text}x`,
    "an object after it": `${text}{}`,
    "a comma too many": text.replace("}", ",}"),
    "null": "null", "an array": "[]", "a text": '"x"', "a number": "1", "an empty object": "{}", "nothing": "", "no JSON": "claims",
    "a lone surrogate": inside('"x":"\\ud800"'),
    "a lone surrogate in a name": text.replace(/("serviceaccount":{"name":")/, "$1\\ud800"),
    "a NUL": inside('"x":"\\u0000"'),
    "a raw control character": inside('"x":"\u0001"'),
    "a bad escape": inside('"x":"\\x"'),
    "deep": inside(`"x":${"[".repeat(100)}${"]".repeat(100)}`),
    "too deep": inside(`"x":${"[".repeat(10_001)}${"]".repeat(10_001)}`),
    "a number with a leading zero": inside('"x":01'),
    "NaN": inside('"x":NaN'),
    "single quotes": text.replaceAll('"', "'"),
    "__proto__": inside('"__proto__":{"a":1}'),
    "an unknown member": inside('"x":1'),
    "an unknown member inside": text.replace('"namespace":', '"x":1,"namespace":'),
    "a comment": inside('/* */"x":1'),
  };
  const odd = Object.entries(texts).map(([name, payload]) => [`payload: ${name}`, mint(key, payload)]);
  const noText = Buffer.from(inside('"x":"@"'));
  noText[noText.indexOf("@")] = 0xff;
  return [...odd, ["payload: no UTF-8", mint(key, noText)]];
}

/** Every oddity of the header, signed as the key signs unless `alg` says otherwise. */
export function oddHeaders(key, claims) {
  const { alg, kid } = key;
  const usual = { alg, kid };
  const other = newKey(key.kind);
  const values = [null, true, 0, 1.5, "", "x", [], ["exp"], {}, { a: 1 }];
  const members = ["alg", "kid", "typ", "cty", "crit", "b64", "jwk", "jku", "x5c", "x5u", "x5t", "x5t#S256", "nonce", "zip", "enc", "epk", "apu", "unknown"];
  const each = members.flatMap((name) => values.map((value) => [`header ${name} is ${JSON.stringify(value)}`, { ...usual, [name]: value }]));
  const algorithms = ["none", "None", "HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "ES256K", "EdDSA", "dir", "A128KW", alg.toLowerCase()];
  const headers = [
    ...each,
    ...algorithms.map((name) => [`header alg ${name} over a signature of ${alg}`, { alg: name, kid }]),
    ["no kid", { alg }], ["unknown kid", { alg, kid: "unknown" }], ["kid of another key", { alg, kid: other.kid }], ["kid in other case", { alg, kid: kid.toUpperCase() }],
    ["kid with blanks", { alg, kid: ` ${kid}` }], ["no alg", { kid }], ["no header members", {}],
    ["Kid", { alg, Kid: kid }], ["ALG", { ALG: alg, kid }], ["KID beside kid", { alg, kid, KID: "x" }],
    ["typ JWT", { ...usual, typ: "JWT" }], ["typ at+jwt", { ...usual, typ: "at+jwt" }], ["cty JWT", { ...usual, cty: "JWT" }],
    ["crit b64 alone", { ...usual, crit: ["b64"] }], ["crit b64", { ...usual, crit: ["b64"], b64: true }], ["b64 false", { ...usual, b64: false }], ["crit of nothing", { ...usual, crit: [] }],
    ["jwk of another key", { ...usual, jwk: other.jwk }], ["jwk of the key", { ...usual, jwk: key.jwk }], ["jwk without kty", { ...usual, jwk: { kid } }],
    ["jwk with an unknown kty", { ...usual, jwk: { kty: "x" } }], ["x5c of no certificate", { ...usual, x5c: ["MII="] }], ["x5c of no base64", { ...usual, x5c: ["!"] }],
  ];
  const texts = [
    ["header null", "null"], ["header array", "[]"], ["header text", '"x"'], ["header empty", ""], ["header no JSON", "alg"],
    ["header twice alg", `{"alg":"${alg}","alg":"${alg}","kid":"${kid}"}`], ["header twice kid", `{"alg":"${alg}","kid":"x","kid":"${kid}"}`],
    ["header twice unknown", `{"alg":"${alg}","kid":"${kid}","x":1,"x":2}`], ["header with blanks", `{ "alg" : "${alg}" , "kid" : "${kid}" }`],
    ["header with a tail", `{"alg":"${alg}","kid":"${kid}"}x`], ["header with a mark", `\ufeff{"alg":"${alg}","kid":"${kid}"}`],
    ["header escaped", `{"\\u0061lg":"${alg}","kid":"${kid}"}`], ["header lone surrogate", `{"alg":"${alg}","kid":"${kid}","x":"\\ud800"}`],
  ];
  return [...headers, ...texts].map(([name, header]) => [name, mint(key, claims, { header })]);
}

/** What the key can do beyond what the API server signs with (K4). */
export function otherAlgorithms(key, claims) {
  const names = key.kind === "rsa" ? ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"] : ["ES256", "ES384", "ES512"];
  return names.flatMap((alg) => [
    [`signed as ${alg}`, mint(key, claims, { alg, header: { alg, kid: key.kid } })],
    [`signed as ${alg}, no kid`, mint(key, claims, { alg, header: { alg } })],
  ]);
}

/** Signatures that are none, and forms that are no token. */
export function oddForms(key, token) {
  const [header, payload, signature] = token.split(".");
  const bytes = Buffer.from(signature, "base64url");
  const flipped = Buffer.from(bytes.map((byte, index) => (index === 5 ? byte ^ 1 : byte))).toString("base64url");
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const last = signature.at(-1);
  const trailing = signature.slice(0, -1) + alphabet[(alphabet.indexOf(last) + 1) % 64];
  const standard = Buffer.from(bytes).toString("base64").replaceAll("=", "");
  return Object.entries({
    "empty": "", "a blank": " ", "words": "not a token", "a dot": ".", "two dots": "..", "three dots": "...", "four dots": "....",
    "two parts": `${header}.${payload}`, "no signature": `${header}.${payload}.`, "four parts": `${token}.x`, "five parts": `${token}.x.y`,
    "no header": `.${payload}.${signature}`, "no payload": `${header}..${signature}`, "parts swapped": `${payload}.${header}.${signature}`,
    "flipped bit": `${header}.${payload}.${flipped}`, "cut signature": `${header}.${payload}.${signature.slice(0, -4)}`, "longer signature": `${token}AAAA`,
    "one character more": `${token}A`, "trailing bits": `${header}.${payload}.${trailing}`, "standard alphabet": `${header}.${payload}.${standard}`,
    "padded header": `${header}=.${payload}.${signature}`, "padded payload": `${header}.${payload}=.${signature}`, "padded signature": `${token}==`,
    "blanks around": ` ${token} `, "line feed after": `${token}\n`, "tab before": `\t${token}`, "no-break space": `\u00a0${token}`, "a mark before": `\ufeff${token}`,
    "blank inside": `${header}. ${payload}.${signature}`, "line feed between": `${header}.\n${payload}.${signature}`, "carriage return inside": `${header}.${payload}.${signature.slice(0, 9)}\r\n${signature.slice(9)}`,
    "line feed in the payload": `${header}.${payload.slice(0, 8)}\n${payload.slice(8)}.${signature}`, "tab inside": `${header}.${payload.slice(0, 8)}\t${payload.slice(8)}.${signature}`,
    "line feed in the header": `${header.slice(0, 8)}\n${header.slice(8)}.${payload}.${signature}`,
    "Bearer": `Bearer ${token}`, "quotes": `"${token}"`, "back quotes": `\`${token}\``, "brackets": `<${token}>`,
    "flattened JSON": JSON.stringify({ payload, protected: header, signature }), "general JSON": JSON.stringify({ payload, signatures: [{ protected: header, signature }] }),
    "an open brace": `{${token}`, "blank and brace": ` {"a":1}`, "NUL after": `${token}\u0000`, "percent-encoded": token.replaceAll(".", "%2E"), "full-width dots": token.replaceAll(".", "．"),
    "none without signature": `${part({ alg: "none" })}.${payload}.`, "another payload": `${header}.${part({ iss: "https://other.example" })}.${signature}`,
  }).map(([name, text]) => [`form: ${name}`, text]);
}
