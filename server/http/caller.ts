/** Who is at the other end of a request, as far as the network says. */
import type { IncomingMessage } from "node:http";
import { networkInterfaces } from "node:os";

/** Whether an address is this machine's own. */
export function isLoopback(address: string): boolean {
  return address === "::1" || address.startsWith("127.");
}

/**
 * The caller's address, for limits and for display. A proxy on this machine is believed about where its
 * caller came from, in the last entry of X-Forwarded-For, which is the one that it wrote itself.
 */
export function callerAddress(request: IncomingMessage): string {
  const address = socketAddress(request);
  const forwarded = request.headers["x-forwarded-for"];
  if (!isLoopback(address) || forwarded === undefined) return address;
  const last = String(forwarded).split(",").at(-1)?.trim() ?? "";
  return /^[0-9a-f.:]{2,45}$/i.test(last) ? last : address;
}

/** Whether the request comes from this machine, and from no proxy that may speak for another. */
export function isFromThisMachine(request: IncomingMessage): boolean {
  return isLoopback(socketAddress(request)) && request.headers["x-forwarded-for"] === undefined && request.headers["forwarded"] === undefined;
}

function socketAddress(request: IncomingMessage): string {
  return (request.socket.remoteAddress ?? "").replace(/^::ffff:/, "");
}

/** The address that other machines most likely reach this one by; null when there is no network. */
export function lanAddress(): string | null {
  for (const addresses of Object.values(networkInterfaces())) {
    const found = addresses?.find((one) => one.family === "IPv4" && !one.internal);
    if (found) return found.address;
  }
  return null;
}
