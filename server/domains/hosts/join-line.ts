/** The line that a person pastes on a new host. */
import { AppError } from "@/server/lib/errors";

/** What no shell reads as anything but itself. */
const PLAIN = /^[A-Za-z0-9:/._-]+$/;
/** An IPv6 address has brackets, which a shell may read as a pattern unless they are quoted. */
const BRACKETED = /^https?:\/\/\[[0-9a-f:.]+\](:\d+)?$/;

/**
 * `npm run agent -- --hub … --pin … --token …`. Every value means itself in any shell. AppError conflict
 * when the hub's address cannot be written so.
 */
export function joinLine(values: { publicUrl: string; pin: string; token: string }): string {
  const hub = new URL(values.publicUrl).origin;
  const address = PLAIN.test(hub) ? hub : BRACKETED.test(hub) ? `'${hub}'` : null;
  if (address === null) throw new AppError("conflict", "The address for other hosts holds characters that a shell would misread. Change it in the settings to a plain name or IP address.");
  if (!/^[A-Za-z0-9_-]{43}$/.test(values.pin) || !/^[A-Za-z0-9_-]+$/.test(values.token)) throw new Error("a pin or token is not base64url");
  // A value that begins with a dash would be read as the next flag; with "=" it cannot.
  const flag = (name: string, value: string) => (value.startsWith("-") ? `--${name}=${value}` : `--${name} ${value}`);
  return `npm run agent -- --hub ${address} ${flag("pin", values.pin)} ${flag("token", values.token)}`;
}
