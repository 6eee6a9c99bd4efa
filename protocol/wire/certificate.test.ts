import { execFileSync } from "node:child_process";
import { generateKeyPairSync, X509Certificate } from "node:crypto";
import { describe, expect, it } from "vitest";
import { selfSignedCertificate } from "./certificate";

const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const made = (more: { commonName?: string; from?: Date; until?: Date } = {}) =>
  selfSignedCertificate({ privateKey, publicKey, commonName: "Binnacle agent", from: new Date("2026-11-22T10:00:00Z"), until: new Date("2036-11-20T10:00:00Z"), ...more });
const openssl = (pem: string, ...args: string[]) => execFileSync("openssl", args, { input: pem, encoding: "utf8" });

describe("a self-signed certificate", () => {
  it("is read by Node as what it was made as, and verifies with its own key alone", () => {
    const certificate = new X509Certificate(made());
    expect(certificate.subject).toBe("CN=Binnacle agent");
    expect(certificate.issuer).toBe(certificate.subject);
    expect(new Date(certificate.validFrom).toISOString()).toBe("2026-11-22T10:00:00.000Z");
    expect(new Date(certificate.validTo).toISOString()).toBe("2036-11-20T10:00:00.000Z");
    expect(certificate.ca).toBe(true);
    expect(certificate.checkPrivateKey(privateKey)).toBe(true);
    expect(certificate.verify(publicKey)).toBe(true);
    expect(certificate.verify(generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey)).toBe(false);
    expect(certificate.publicKey.equals(publicKey)).toBe(true);
  });

  it("is read and verified by openssl", () => {
    const pem = made();
    const text = openssl(pem, "x509", "-noout", "-text");
    expect(text).toMatch(/Version: 3 /);
    expect(text).toMatch(/Signature Algorithm: ecdsa-with-SHA256/);
    expect(text).toMatch(/Subject: CN = ?Binnacle agent/);
    expect(text).toMatch(/ASN1 OID: prime256v1/);
    expect(text).toMatch(/CA:TRUE/);
    expect(openssl(pem, "asn1parse", "-strparse", "4")).toContain("UTCTIME"); // no trailing bytes, every length right
    expect(openssl(pem, "x509", "-noout", "-checkend", "0")).toMatch(/will not expire/);
  });

  it("has a serial that is positive and another each time", () => {
    const serials = Array.from({ length: 64 }, () => new X509Certificate(made()).serialNumber);
    expect(new Set(serials).size).toBe(serials.length);
    for (const serial of serials) expect(serial).toMatch(/^[4-7][0-9A-F]{31}$/);
  });

  it("holds any name and any time, also one after 2049", () => {
    const certificate = new X509Certificate(made({ commonName: "Kubernetes-Wäscherei 세탁소", until: new Date("2051-01-02T03:04:05Z") }));
    expect(certificate.subject).toContain("세탁소");
    expect(new Date(certificate.validTo).toISOString()).toBe("2051-01-02T03:04:05.000Z");
    expect(openssl(certificate.toString(), "x509", "-noout", "-enddate")).toContain("2051");
  });
});
