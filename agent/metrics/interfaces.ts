/** Network traffic from a `net/dev` file: bytes over all interfaces that count. */
import { beginsWith, eachWord, numberAt } from "./kernel-file";

const names = (...list: string[]) => list.map((name) => Buffer.from(name, "latin1"));
const [LOOPBACK] = names("lo") as [Buffer];
/** What the same bytes of a host pass a second time, on their way to a container, another machine or a tunnel. */
const NOT_PHYSICAL = names(
  "veth", "docker", "br-", "virbr", "vnet", "lxc", "lxdbr", "cni", "podman", "flannel", "cali", "cilium", "weave", "kube", "nodelocal",
  "tun", "tap", "wg", "tailscale", "zt", "vxlan", "geneve", "gre", "sit", "ip6tnl", "erspan", "dummy", "ifb", "bond", "team", "macvtap", "macvlan", "vlan", "nlmon",
);
const NONE: readonly Buffer[] = [];

// The walk keeps its sums here, so that it makes no closure.
let skipped = NONE;
const traffic = { received: 0, sent: 0 };

/** `  eth0: 1 2 …`: name, eight figures of what was received, eight of what was sent, bytes first. */
function onWord(place: number, from: number, to: number): boolean {
  if (place === 0) return !skips(from, to);
  if (place === 1) traffic.received += numberAt(from);
  else if (place === 9) traffic.sent += numberAt(from);
  return place < 9;
}
function skips(from: number, to: number): boolean {
  if (to - from === LOOPBACK.length && beginsWith(from, to, LOOPBACK)) return true;
  for (const name of skipped) if (beginsWith(from, to, name)) return true;
  return false;
}
const onLine = () => true;
const HEADING = 2;

/** Sums the `net/dev` file in the buffer; `physical`: only what leaves the machine. The result is the same object each time. */
export function countTraffic(physical: boolean): Readonly<typeof traffic> {
  skipped = physical ? NOT_PHYSICAL : NONE;
  traffic.received = traffic.sent = 0;
  eachWord(onWord, onLine, HEADING);
  return traffic;
}
