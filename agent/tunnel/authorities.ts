import { readFileSync } from "node:fs";
import { rootCertificates } from "node:tls";

/** Where Linux and BSD systems keep the authorities that the machine's owner trusts. */
const SYSTEM_BUNDLES = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem"];

/**
 * The authorities for an https hub: Node's own list and the system's, because a proxy inside a company
 * often has a certificate of that company. Read at each dial, so that a new one needs no restart.
 */
export function trustedAuthorities(bundles: readonly string[] = SYSTEM_BUNDLES): string[] {
  for (const bundle of bundles) {
    try {
      return [...rootCertificates, readFileSync(bundle, "utf8")];
    } catch {
      continue; // not this kind of system
    }
  }
  return [...rootCertificates];
}
