/**
 * A self-signed X.509 certificate for a P-256 key: the one kind that a link needs, written as the bytes that
 * RFC 5280 asks for. A library for it would cost every agent ten megabytes of memory.
 */
import { createHash, type KeyObject, randomBytes, sign } from "node:crypto";

const SEQUENCE = 0x30;
const SET = 0x31;
const INTEGER = 0x02;
const BIT_STRING = 0x03;
const OCTET_STRING = 0x04;
const OBJECT = 0x06;
const UTF8 = 0x0c;
const UTC_TIME = 0x17;
const GENERALIZED_TIME = 0x18;
const BOOLEAN = 0x01;
/** Explicitly tagged parts of the certificate: its version, and its extensions. */
const VERSION = 0xa0;
const EXTENSIONS = 0xa3;

const ECDSA_WITH_SHA256 = der(SEQUENCE, der(OBJECT, Buffer.from("2a8648ce3d040302", "hex")));
const COMMON_NAME = der(OBJECT, Buffer.from("550403", "hex"));
const SUBJECT_KEY_ID = der(OBJECT, Buffer.from("551d0e", "hex"));
const BASIC_CONSTRAINTS = der(OBJECT, Buffer.from("551d13", "hex"));
const TRUE = der(BOOLEAN, Buffer.from([0xff]));
const SERIAL_BYTES = 16;

/** The certificate as PEM. The common name is 1 to 64 characters, as the standard has it. */
export function selfSignedCertificate({ privateKey, publicKey, commonName, from, until }: { privateKey: KeyObject; publicKey: KeyObject; commonName: string; from: Date; until: Date }): string {
  const name = der(SEQUENCE, der(SET, der(SEQUENCE, COMMON_NAME, der(UTF8, Buffer.from(commonName)))));
  const key = publicKey.export({ format: "der", type: "spki" });
  const serial = randomBytes(SERIAL_BYTES);
  serial[0] = 0x40 | (serial[0]! & 0x3f); // positive, and without a zero in front
  const extensions = der(
    EXTENSIONS,
    der(SEQUENCE,
      // An authority of its own: some readers trust a self-signed certificate only as one.
      der(SEQUENCE, BASIC_CONSTRAINTS, TRUE, der(OCTET_STRING, der(SEQUENCE, TRUE))),
      der(SEQUENCE, SUBJECT_KEY_ID, der(OCTET_STRING, der(OCTET_STRING, createHash("sha1").update(key).digest()))),
    ),
  );
  const content = der(SEQUENCE, der(VERSION, der(INTEGER, Buffer.from([2]))), der(INTEGER, serial), ECDSA_WITH_SHA256, name, der(SEQUENCE, time(from), time(until)), name, key, extensions);
  const signature = sign("sha256", content, privateKey);
  const certificate = der(SEQUENCE, content, ECDSA_WITH_SHA256, der(BIT_STRING, Buffer.from([0]), signature));
  const lines = certificate.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}

/** One value: its tag, its length in as few bytes as it needs, its content. */
function der(tag: number, ...parts: Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const head = length < 0x80 ? [tag, length] : length < 0x100 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(head), content]);
}

/** Years before 2050 have two digits, by the standard. */
function time(at: Date): Buffer {
  const digits = `${at.toISOString().replace(/\.\d+|[-:T]/g, "")}`;
  return at.getUTCFullYear() < 2050 ? der(UTC_TIME, Buffer.from(digits.slice(2))) : der(GENERALIZED_TIME, Buffer.from(digits));
}
