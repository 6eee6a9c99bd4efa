import { loadOrMakeIdentity, type LinkIdentity } from "@/protocol/wire/identity";

/** The agent's key and certificate, kept in its state directory; made at the first start. Throws IdentityError. */
export function loadAgentIdentity(stateDir: string): Promise<LinkIdentity> {
  return loadOrMakeIdentity({ directory: stateDir, keyFile: "key.pem", certificateFile: "cert.pem" }, "binnacle agent");
}
