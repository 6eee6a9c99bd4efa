/**
 * Who one end of the tunnel is: a P-256 key and a self-signed certificate, made once and kept in a
 * directory of its own. Nobody signs anything for anybody: the other end knows the certificate's pin.
 */
import { X509Certificate, createHash, createPrivateKey, generateKeyPair, randomBytes } from "node:crypto";
import { chmod, mkdir, open, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { selfSignedCertificate } from "./certificate";

export interface LinkIdentity {
  /** PKCS#8, PEM. */
  keyPem: string;
  /** X.509, PEM. */
  certificatePem: string;
}

export interface IdentityPlace {
  /** Made with mode 0700 when it is not there. */
  directory: string;
  keyFile: string;
  certificateFile: string;
}

/** The key or certificate cannot be used. The sentence names the file and says what to do. */
export class IdentityError extends Error {
  override readonly name = "IdentityError";
}

const DAY_MS = 86_400_000;
const LIFETIME_DAYS = 3_650;

/** The pin of a certificate: SHA-256 of its DER form as base64url, 43 characters. Throws when it is no PEM certificate. */
export function pinOf(certificatePem: string): string {
  return createHash("sha256").update(new X509Certificate(certificatePem).raw).digest("base64url");
}

/** Reads the identity of a place, or makes one at the first start. Throws IdentityError with a sentence for a person. */
export async function loadOrMakeIdentity(place: IdentityPlace, commonName: string): Promise<LinkIdentity> {
  const keyPath = join(place.directory, place.keyFile);
  const certificatePath = join(place.directory, place.certificateFile);
  await makeDirectory(place.directory).catch((error: unknown) => fail(place.directory, "cannot be made", error));
  const certificatePem = await readIfThere(certificatePath);
  if (certificatePem === null) {
    // The certificate is written last, so a key alone is a first start that was cut short: it was never used.
    const made = await makeIdentity(commonName);
    await writeWhole(keyPath, made.keyPem);
    await writeWhole(certificatePath, made.certificatePem);
    return made;
  }
  const keyPem = await readIfThere(keyPath);
  if (keyPem === null) fail(keyPath, `is missing beside ${certificatePath}; put it back from a backup, or remove the certificate too and enrol again`);
  const identity = { keyPem, certificatePem };
  checkIdentity(identity, keyPath, certificatePath);
  await chmod(keyPath, 0o600).catch((error: unknown) => fail(keyPath, "cannot be made private to this user", error));
  return identity;
}

/** A new key and certificate. */
export async function makeIdentity(commonName: string): Promise<LinkIdentity> {
  const { privateKey, publicKey } = await promisify(generateKeyPair)("ec", { namedCurve: "P-256" });
  const from = new Date(Date.now() - DAY_MS); // the other machine's clock may be behind
  const until = new Date(Date.now() + LIFETIME_DAYS * DAY_MS);
  return {
    keyPem: privateKey.export({ format: "pem", type: "pkcs8" }).toString(),
    certificatePem: selfSignedCertificate({ privateKey, publicKey, commonName, from, until }),
  };
}

function checkIdentity(identity: LinkIdentity, keyPath: string, certificatePath: string): void {
  const again = "put it back from a backup, or remove both files and enrol again";
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(identity.certificatePem);
  } catch (error) {
    return fail(certificatePath, `holds no certificate; ${again}`, error);
  }
  let key;
  try {
    key = createPrivateKey(identity.keyPem);
  } catch (error) {
    return fail(keyPath, `holds no private key; ${again}`, error);
  }
  if (!certificate.checkPrivateKey(key)) fail(keyPath, `does not belong to ${certificatePath}; ${again}`);
  if (Date.parse(certificate.validTo) < Date.now()) fail(certificatePath, `expired on ${certificate.validTo}; remove both files and enrol again`);
}

/** Node's own recursive mkdir never returns where a file system answers "not found" to mkdir itself, as /proc does. */
async function makeDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") return;
    if (code !== "ENOENT" || (await exists(dirname(path)))) throw error;
    await makeDirectory(dirname(path));
    await mkdir(path, { mode: 0o700 });
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

async function readIfThere(path: string): Promise<string | null> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    return fail(path, "cannot be read; check who owns it", error);
  }
}

/** Either the whole text is in the file, with mode 0600, or the file is as it was. */
async function writeWhole(path: string, text: string): Promise<void> {
  const draft = `${path}.${randomBytes(6).toString("hex")}`;
  try {
    const file = await open(draft, "wx", 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
    const directory = await open(dirname(path), "r");
    await directory.sync().finally(() => directory.close());
  } catch (error) {
    await rm(draft, { force: true }).catch(() => undefined); // the first error is the one to tell
    fail(path, "cannot be written; check the directory's owner and the free space", error);
  }
}

function fail(path: string, what: string, cause?: unknown): never {
  const inner = cause instanceof Error ? ` (${cause.message})` : "";
  throw new IdentityError(`${path} ${what}${inner}`, { cause });
}
