/** Where an engine listens. */
export type EngineAddress = { kind: "unix"; path: string } | { kind: "tcp"; host: string; port: number };

const DOCKER_TCP_PORT = 2375;

/** Reads `unix:///path`, `/path` or `tcp://host[:port]`; for anything else the sentence that says what is wrong. */
export function parseEngineAddress(text: string): EngineAddress | { problem: string } {
  if (text.startsWith("/")) return { kind: "unix", path: text };
  if (text.startsWith("unix://")) {
    const path = text.slice("unix://".length);
    return path.startsWith("/") ? { kind: "unix", path } : { problem: `"${text}" needs an absolute path, like unix:///var/run/docker.sock` };
  }
  if (text.startsWith("ssh://")) return { problem: `"${text}" goes over ssh, which the agent does not do; run an agent on that host itself` };
  if (!text.startsWith("tcp://") && !text.startsWith("http://")) return { problem: `"${text}" is not an engine's address; use unix:///path/to.sock or tcp://host:port` };
  try {
    const url = new URL(text.replace(/^tcp:/, "http:"));
    if (!url.hostname || url.username || url.password || url.search || url.hash || url.pathname.length > 1) throw new Error("more than host and port");
    return { kind: "tcp", host: url.hostname.replace(/^\[|\]$/g, ""), port: url.port ? Number(url.port) : text.startsWith("http:") ? 80 : DOCKER_TCP_PORT };
  } catch {
    return { problem: `"${text}" is not an engine's address; use unix:///path/to.sock or tcp://host:port` };
  }
}

/** For a person. */
export function showAddress(address: EngineAddress): string {
  return address.kind === "unix" ? address.path : `tcp://${address.host.includes(":") ? `[${address.host}]` : address.host}:${address.port}`;
}
