import { loadOrMakeIdentity, pinOf, type LinkIdentity } from "@/protocol/wire/identity";

export interface HubIdentity extends LinkIdentity {
  /** What a join line carries: the agents refuse any hub whose certificate has another pin. */
  pin: string;
}

/** The hub's key and certificate, kept in its data directory; made at the first start. Throws IdentityError. */
export async function loadHubIdentity(dataDir: string): Promise<HubIdentity> {
  const identity = await loadOrMakeIdentity({ directory: dataDir, keyFile: "hub-key.pem", certificateFile: "hub-cert.pem" }, "binnacle hub");
  return { ...identity, pin: pinOf(identity.certificatePem) };
}
