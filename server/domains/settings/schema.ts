import { z } from "zod/mini";

/** The address that other hosts and browsers use: an origin, no path. */
export const PublicUrl = z.string().check(
  z.trim(),
  z.maxLength(300),
  z.refine((text) => {
    try {
      const url = new URL(text);
      return /^https?:$/.test(url.protocol) && url.pathname === "/" && !url.search && !url.hash && !url.username && !url.password;
    } catch {
      return false;
    }
  }, "Give the address as http://name:port or https://name, with nothing after it."),
);
export const AddressInput = z.strictObject({ url: PublicUrl });

export interface SettingsView {
  publicUrl: string;
  /** Set by BINNACLE_PUBLIC_URL: the page cannot change it. */
  publicUrlFixed: boolean;
  version: string;
  pin: string;
}

/** What the hub found at an address. */
export type AddressTest =
  | { ok: true }
  /** loopback: only this machine can use it. */
  | { ok: true; warning: "loopback" }
  | { ok: false; reason: "no_answer" | "not_this_hub" | "bad_address"; detail: string };
