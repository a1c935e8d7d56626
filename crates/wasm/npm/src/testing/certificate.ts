/**
 * Certificates for a server on the loopback interface. Node makes keys and signatures but no certificates, so the
 * few structures of RFC 5280 that a TLS client looks at are written here in DER.
 */

import { generateKeyPairSync, type KeyObject, randomBytes, sign, X509Certificate } from "node:crypto";

/** What a TLS server needs, and the authority that its clients have to trust. All PEM. */
export interface ServerIdentity {
  ca: string;
  cert: string;
  key: string;
}

/** Names that the certificate holds: those of the loopback interface, and of an API server in its cluster. */
const NAMES = ["localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"];
const ADDRESSES = [[127, 0, 0, 1], [...Array<number>(15).fill(0), 1]];

/** Object identifiers, as the bytes of their encoding. */
const OID = {
  basicConstraints: [0x55, 0x1d, 0x13],
  commonName: [0x55, 0x04, 0x03],
  ecdsaWithSha256: [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02],
  extendedKeyUsage: [0x55, 0x1d, 0x25],
  keyUsage: [0x55, 0x1d, 0x0f],
  serverAuth: [0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01],
  subjectAltName: [0x55, 0x1d, 0x11],
};

/** A new authority, and a certificate of its making for the loopback interface. */
export function serverIdentity(): ServerIdentity {
  const authority = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const server = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const issuer = `podpass test authority ${randomBytes(4).toString("hex")}`;
  const ca = certificate(issuer, issuer, authority.publicKey, authority.privateKey, [
    extension(OID.basicConstraints, sequence(boolean(true)), true),
    extension(OID.keyUsage, bits([0x06], 1), true), // keyCertSign, cRLSign
  ]);
  const cert = certificate("podpass test API server", issuer, server.publicKey, authority.privateKey, [
    extension(OID.basicConstraints, sequence(), true),
    extension(OID.keyUsage, bits([0x80], 7), true), // digitalSignature
    extension(OID.extendedKeyUsage, sequence(oid(OID.serverAuth))),
    extension(OID.subjectAltName, sequence(...NAMES.map((name) => tagged(0x82, Buffer.from(name))), ...ADDRESSES.map((address) => tagged(0x87, Buffer.from(address))))),
  ]);
  return { ca, cert, key: server.privateKey.export({ type: "pkcs8", format: "pem" }).toString() };
}

/** RFC 5280 §4.1: version 3, valid for ten years and a day ago. */
function certificate(subject: string, issuer: string, key: KeyObject, signer: KeyObject, extensions: Buffer[]): string {
  const algorithm = sequence(oid(OID.ecdsaWithSha256));
  const day = 86_400_000;
  const tbs = sequence(
    tagged(0xa0, integer([2])),
    integer([0x01, ...randomBytes(15)]),
    algorithm,
    name(issuer),
    sequence(time(Date.now() - day), time(Date.now() + 3650 * day)),
    name(subject),
    key.export({ type: "spki", format: "der" }),
    tagged(0xa3, sequence(...extensions)),
  );
  const der = sequence(tbs, algorithm, bits(sign("sha256", tbs, signer)));
  return new X509Certificate(der).toString();
}

const tagged = (tag: number, ...content: Buffer[]): Buffer => {
  const body = Buffer.concat(content);
  const length = body.length < 0x80 ? [body.length] : body.length < 0x100 ? [0x81, body.length] : [0x82, body.length >> 8, body.length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), body]);
};
const sequence = (...content: Buffer[]): Buffer => tagged(0x30, ...content);
const integer = (bytes: number[]): Buffer => tagged(0x02, Buffer.from(bytes));
const boolean = (value: boolean): Buffer => tagged(0x01, Buffer.from([value ? 0xff : 0]));
const oid = (bytes: number[]): Buffer => tagged(0x06, Buffer.from(bytes));
const octets = (content: Buffer): Buffer => tagged(0x04, content);
const bits = (bytes: Uint8Array | number[], unused = 0): Buffer => tagged(0x03, Buffer.from([unused]), Buffer.from(bytes));
const name = (text: string): Buffer => sequence(tagged(0x31, sequence(oid(OID.commonName), tagged(0x0c, Buffer.from(text)))));
const extension = (id: number[], value: Buffer, critical = false): Buffer =>
  sequence(oid(id), ...(critical ? [boolean(true)] : []), octets(value));
/** UTCTime: two digits of the year, to the second. */
const time = (milliseconds: number): Buffer =>
  tagged(0x17, Buffer.from(`${new Date(milliseconds).toISOString().slice(2, 19).replace(/[-:T]/g, "")}Z`));
