import { X509Certificate } from "node:crypto";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { IdentityError, loadOrMakeIdentity, makeIdentity, pinOf, type IdentityPlace } from "./identity";

let root: string;
let place: IdentityPlace;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "identity-"));
  place = { directory: join(root, "a", "state"), keyFile: "key.pem", certificateFile: "cert.pem" };
});
afterEach(() => rmSync(root, { recursive: true, force: true }));
const load = () => loadOrMakeIdentity(place, "test");
const at = (file: string) => join(place.directory, file);

describe("an identity", () => {
  it("is made once, private to its owner, and the same ever after", async () => {
    const made = await load();
    expect([place.directory, at("key.pem"), at("cert.pem")].map((path) => statSync(path).mode & 0o777)).toEqual([0o700, 0o600, 0o600]);
    expect(await load()).toEqual(made);
    expect(readdirSync(place.directory).sort()).toEqual(["cert.pem", "key.pem"]);
    const certificate = new X509Certificate(made.certificatePem);
    expect(certificate.publicKey.asymmetricKeyDetails?.namedCurve).toBe("prime256v1");
    expect((Date.parse(certificate.validTo) - Date.now()) / 86_400_000).toBeGreaterThan(3_600);
  });

  it("has a pin that is its certificate's SHA-256", async () => {
    const { certificatePem } = await makeIdentity("test");
    const pin = pinOf(certificatePem);
    expect(pin).toMatch(/^[\w-]{43}$/);
    expect(Buffer.from(pin, "base64url").toString("hex").toUpperCase()).toBe(new X509Certificate(certificatePem).fingerprint256.replaceAll(":", ""));
  });

  it("is made anew after a first start that was cut short", async () => {
    mkdirSync(place.directory, { recursive: true });
    writeFileSync(at("key.pem"), "half a k");
    const made = await load();
    expect(await load()).toEqual(made);
  });

  it("takes back a key that others may read", async () => {
    await load();
    chmodSync(at("key.pem"), 0o644);
    await load();
    expect(statSync(at("key.pem")).mode & 0o777).toBe(0o600);
  });

  it.each<[string, () => unknown, RegExp]>([
    ["the key is missing", () => rmSync(at("key.pem")), /key\.pem is missing beside .*cert\.pem; put it back/],
    ["the key is broken", () => writeFileSync(at("key.pem"), "x"), /key\.pem holds no private key; put it back/],
    ["the certificate is broken", () => writeFileSync(at("cert.pem"), "x"), /cert\.pem holds no certificate; put it back/],
    ["the key is another's", async () => writeFileSync(at("key.pem"), (await makeIdentity("other")).keyPem), /key\.pem does not belong to .*cert\.pem/],
    ["the key is a directory", () => (rmSync(at("key.pem")), mkdirSync(at("key.pem"))), /key\.pem cannot be read/],
  ])("is refused with the file's name and what to do when %s", async (_what, spoil, sentence) => {
    await load();
    await spoil();
    const error = await load().catch((one: unknown) => one);
    expect(error).toBeInstanceOf(IdentityError);
    expect((error as Error).message).toMatch(sentence);
  });

  it.each(["/proc/binnacle", "/proc/a/b/c", "/dev/null/x"])("says so when its directory %s cannot be made", async (directory) => {
    await expect(loadOrMakeIdentity({ ...place, directory }, "test")).rejects.toThrow(/cannot be made/);
  });
});
