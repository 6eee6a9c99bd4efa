import type { Port } from "@/protocol/shapes";

export interface PublishedPort {
  /** "8080" or "53/udp". */
  label: string;
  public: number;
  private: number;
  protocol: Port["protocol"];
  /** The address it listens on; null: all of the host's, or the engine does not say. */
  address: string | null;
}

const EVERYWHERE = new Set(["0.0.0.0", "::", ""]);

/** The published ports, each once (an engine lists IPv4 and IPv6 apart), lowest first. */
export function publishedPorts(ports: readonly Port[]): PublishedPort[] {
  const seen = new Map<string, PublishedPort>();
  for (const port of ports) {
    if (port.public === null) continue;
    const address = port.address === null || EVERYWHERE.has(port.address) ? null : port.address;
    const label = port.protocol === "tcp" ? String(port.public) : `${port.public}/${port.protocol}`;
    const key = `${address ?? "*"} ${label} ${port.private}`;
    if (!seen.has(key)) seen.set(key, { label, public: port.public, private: port.private, protocol: port.protocol, address });
  }
  return [...seen.values()].sort((a, b) => a.public - b.public || a.label.localeCompare(b.label));
}

/** Ports that are exposed and not published: reachable only inside the container's networks. */
export function innerPorts(ports: readonly Port[]): string[] {
  const published = new Set(ports.filter((port) => port.public !== null).map((port) => `${port.private}/${port.protocol}`));
  const inner = ports.filter((port) => port.public === null).map((port) => `${port.private}/${port.protocol}`);
  return [...new Set(inner)].filter((port) => !published.has(port));
}

const LOOPBACK = /^(127\.|\[?::1\]?$|localhost$)/i;

/**
 * Where a browser finds a published port, or null where no link would be right: not TCP, bound to the
 * host's own loopback, or the host's address is not known. Built by the URL parser, so it can only be http.
 * hostAddress: the address the host's agent came from, with or without a port.
 */
export function portLink(port: PublishedPort, hostAddress: string | null): string | null {
  if (port.protocol !== "tcp" || port.public < 1 || port.public > 65_535) return null;
  if (port.address !== null && LOOPBACK.test(port.address)) return null;
  const name = port.address ?? bareAddress(hostAddress);
  if (!name) return null;
  try {
    const url = new URL(`${port.public === 443 || port.private === 443 ? "https" : "http"}://${name.includes(":") ? `[${name}]` : name}`);
    if (url.pathname !== "/" || url.username || url.search || url.hash) return null;
    url.port = String(port.public);
    return url.href;
  } catch {
    return null;
  }
}

/** The address without a port or brackets. */
function bareAddress(address: string | null): string | null {
  if (!address) return null;
  const mapped = address.replace(/^::ffff:(?=\d+\.)/i, "");
  const bracketed = /^\[([^\]]+)\](?::\d+)?$/.exec(mapped);
  if (bracketed?.[1]) return bracketed[1];
  return /^[^:]+:\d+$/.test(mapped) ? mapped.slice(0, mapped.lastIndexOf(":")) : mapped;
}
