#!/bin/bash
# lab.sh - N Docker "hosts" on one Linux box, each = netns + uts + mnt + pid namespace with its own dockerd.
#   lab.sh up N [seed.tar] | down | status | sock HOST | ip HOST | exec HOST cmd... | hubexec cmd...
#   lab.sh kill HOST [SIG] | start HOST | cut|heal HOST | slow HOST RATE | loss HOST P | blackhole HOST
#   lab.sh reset HOST | freeze|thaw HOST | reap PID
# Which lab: LAB (state directory), LAB_PREFIX (names), LAB_NET (first three octets), LAB_OWNER (content of
# its owner file; a lab of another owner is never taken down). lab.ts picks them.
# No leg of the switch in the root netns: the switch (bridge) is a netns of its own, so a dockerd in the
# root netns (FORWARD policy DROP + br_netfilter) cannot eat the bridged frames.
set -u
LAB=${LAB:-${TMPDIR:-/tmp}/bl} # keep SHORT: a unix socket path has 108 bytes
P=${LAB_PREFIX:-lab}
NET=${LAB_NET:-198.18.0} # RFC 2544 test range: meets no default pool of Docker or Swarm
ARGS=${LAB_DOCKERD_ARGS:-}
DPATH=${LAB_DOCKERD_PATH:-} # directories with another dockerd and containerd, in place of the installed ones
export DOCKER_HOST=
ns() { nsenter --net=/run/netns/$1 "${@:2}"; }
init_pid() { cat "$LAB/$1/init.pid" 2>/dev/null; }
in_host() { local p; p=$(init_pid "$1") || return 1; nsenter -t "$p" -n -u -m -p "${@:2}"; }
alive() { local p; p=$(init_pid "$1") && [ -n "$p" ] && kill -0 "$p" 2>/dev/null; }
ping_sock() { curl -fsS -m 1 --unix-socket "$1" http://d/_ping >/dev/null 2>&1; }
v2() { [ -e /sys/fs/cgroup/cgroup.controllers ]; }

mknet() {
  ip netns list | grep -qw "$P-sw" || {
    ip netns add $P-sw
    ns $P-sw ip link set lo up
    ns $P-sw ip link add br0 type bridge
    ns $P-sw ip link set br0 up
  }
}
mkport() { # netns name, last octet
  ip netns list | grep -qw "$P-$1" && return
  ip netns add "$P-$1"
  ip link add eth0 netns "$P-$1" type veth peer name "p-$1" netns $P-sw
  ns "$P-$1" ip addr add "$NET.$2/24" dev eth0
  ns "$P-$1" ip link set lo up; ns "$P-$1" ip link set eth0 up
  ns $P-sw ip link set "p-$1" master br0 up
}
door() { # a wire from here to the hub's side alone, so that a test and its browser reach the hub by its own address
  ip link show "$P-door" >/dev/null 2>&1 && return
  ip link add "$P-door" type veth peer name door netns "$P-hub"
  ip addr add "$NET.253/32" dev "$P-door"; ip link set "$P-door" up; ip route add "$NET.250/32" dev "$P-door" src "$NET.253"
  ns "$P-hub" ip link set door up; ns "$P-hub" ip route add "$NET.253/32" dev door src "$NET.250"
}
start_daemon() { # HOST : (re)start dockerd inside an existing host
  local h=$1 d=$LAB/$1
  rm -f "$d/docker.pid" "$d/exec/containerd/containerd.pid"
  # --fork: nsenter ends at once. One that stays is stopped together with a stopped dockerd and never goes on.
  in_host "$h" env PATH="${DPATH:+$DPATH:}$PATH" setsid --fork dockerd --data-root "$d/data" --exec-root "$d/exec" -H "unix://$d/docker.sock" \
     -p "$d/docker.pid" --cgroup-parent "/$P/$h" --log-level warn $ARGS >>"$d/dockerd.log" 2>&1 </dev/null
}
host_up() { # HOST octet
  local h=$1 d=$LAB/$1
  mkdir -p "$d/data" "$d/exec"; mkport "$h" "$2"
  alive "$h" || {
    # pid 1 of the host: reaps orphans (shims, docker-proxy), carries the namespaces, and ends with its
    # directory, so that a lab taken down while it was still coming up leaves nothing
    rm -f "$d/init.pid"
    setsid nsenter --net=/run/netns/$P-$h unshare --uts --mount --pid --fork --mount-proc --propagation private \
      --kill-child bash -c 'mkdir -p /run/containerd /run/docker; mount -t tmpfs tmpfs /run/containerd; mount -t tmpfs tmpfs /run/docker; hostname '"$h"'; trap : TERM; while [ -d '"$d"' ]; do sleep 5 & wait $!; done' \
      >/dev/null 2>&1 </dev/null &
    local u=$! c= i
    for i in $(seq 250); do c=$(pgrep -P $u 2>/dev/null | head -1); [ -n "$c" ] && break; sleep 0.02; done
    echo "$c" >"$d/init.pid"
    for i in $(seq 250); do [ "$(in_host "$h" hostname 2>/dev/null)" = "$h" ] && break; sleep 0.02; done
  }
  ping_sock "$d/docker.sock" || start_daemon "$h"
}
host_wait() { local i; for i in $(seq 600); do ping_sock "$LAB/$1/docker.sock" && return 0; sleep 0.05; done; echo "no dockerd in $1; its log ends:" >&2; tail -5 "$LAB/$1/dockerd.log" >&2; return 1; }
up() {
  local n=$1 seed=${2:-} i rc=0
  mkdir -p "$LAB"; mknet; mkport hub 250; door
  for i in $(seq "$n"); do host_up "h$i" $((10+i)); done
  for i in $(seq "$n"); do host_wait "h$i" || rc=1; done
  [ -n "$seed" ] && for i in $(seq "$n"); do
    docker -H "unix://$LAB/h$i/docker.sock" image inspect "${LAB_IMAGE:-busybox:local}" >/dev/null 2>&1 ||
      docker -H "unix://$LAB/h$i/docker.sock" load -qi "$seed" >/dev/null || rc=1
  done
  return $rc
}
freezer() { # HOST 0|1
  if v2; then echo "$2" >"/sys/fs/cgroup/$P/$1/cgroup.freeze"
  elif [ "$2" = 1 ]; then echo FROZEN >"/sys/fs/cgroup/freezer/$P/$1/freezer.state"
  else echo THAWED >"/sys/fs/cgroup/freezer/$P/$1/freezer.state"; fi
}
mine() { [ -z "${LAB_OWNER:-}" ] || [ "$(cat "$LAB/owner" 2>/dev/null)" = "$LAB_OWNER" ]; }
down() { # with LAB_OWNER: only if the lab is still that owner's; the lock makes look and act one step
  local h p d i
  [ -z "${LAB_OWNER:-}" ] || { exec 9>/tmp/binnacle-lab.lock; flock 9; }
  mine || return 0
  for d in "$LAB"/h*/; do [ -d "$d" ] && freezer "$(basename "$d")" 0 2>/dev/null; done
  for d in "$LAB"/h*/; do
    [ -d "$d" ] || continue; h=$(basename "$d"); p=$(init_pid "$h")
    # SIGKILL of a pid namespace's init kills dockerd, containerd, shims and containers at once
    [ -n "$p" ] && [ "$(readlink /proc/$p/ns/pid 2>/dev/null)" != "$(readlink /proc/self/ns/pid)" ] && kill -9 "$p" 2>/dev/null
  done
  for d in "$LAB"/h*/; do
    [ -d "$d" ] || continue; p=$(init_pid "$(basename "$d")")
    for i in $(seq 200); do [ -n "$p" ] && [ -e /proc/$p ] || break; sleep 0.02; done
  done
  grep -oE " $LAB/[^ ]+" /proc/self/mounts | sort -r | while read -r m; do umount -l "$m"; done
  ip link del "$P-door" 2>/dev/null
  for h in $(ip netns list | awk '{print $1}' | grep "^$P-"); do ip netns del "$h"; done
  for i in 1 2 3 4 5; do
    find /sys/fs/cgroup -depth -type d \( -path "/sys/fs/cgroup/*/$P/*" -o -path "/sys/fs/cgroup/$P/*" \) -exec rmdir {} + 2>/dev/null
    find /sys/fs/cgroup -maxdepth 2 -type d -name "$P" -exec rmdir {} + 2>/dev/null
    [ -z "$(find /sys/fs/cgroup -maxdepth 2 -type d -name "$P" 2>/dev/null)" ] && break; sleep 0.1
  done
  rm -rf --one-file-system "$LAB"
}
drop() { # HOST -I|-D : silent loss of every packet, both ways; nobody is told
  ns $P-$1 iptables $2 INPUT -i eth0 -m comment --comment blackhole -j DROP 2>/dev/null
  ns $P-$1 iptables $2 OUTPUT -o eth0 -m comment --comment blackhole -j DROP 2>/dev/null
}
unlose() { # HOST : delete the rule that `loss` made, whatever its probability
  ns $P-$1 iptables -S INPUT 2>/dev/null | grep -- '--comment lossy' | sed 's/^-A/-D/' | while read -r rule; do ns $P-$1 iptables $rule; done
}
case ${1:-} in
  up) up "${2:?N}" "${3:-}";;
  down) down;;
  exec) p=$(init_pid "$2") && exec nsenter -t "$p" -n -u -m -p "${@:3}";;   # NB cwd becomes /
  hubexec) exec nsenter --net=/run/netns/$P-hub "${@:2}";;
  # ---- faults; HOST may be "hub" where only the network is meant ----
  cut)    ns $P-sw ip link set "p-$2" down;;
  heal)   ns $P-sw ip link set "p-$2" up; ns $P-$2 tc qdisc del dev eth0 root 2>/dev/null; drop "$2" -D; unlose "$2"; true;;
  slow)   ns $P-$2 tc qdisc replace dev eth0 root tbf rate "$3" burst 32kbit latency 400ms;;   # slow HOST 1mbit (egress)
  loss)   ns $P-$2 iptables -I INPUT -m comment --comment lossy -m statistic --mode random --probability "$3" -j DROP;;
  blackhole) drop "$2" -I;;
  reset)  ns $P-$2 ss -K -t state established dst "$NET.0/24" >/dev/null;;   # RST for every connection over the lab's network
  freeze) freezer "$2" 1;;                                       # containers of HOST only
  thaw)   freezer "$2" 0;;
  start) start_daemon "$2"; host_wait "$2";;
  kill) in_host "$2" kill "-${3:-9}" "$(cat "$LAB/$2/docker.pid")";;   # kill HOST [SIG]: 9, STOP, CONT, TERM
  # Takes the lab down when its owner is gone, however it went.
  reap) while kill -0 "$2" 2>/dev/null && mine; do sleep 1; done; down;;
  sock) echo "unix://$LAB/$2/docker.sock";;
  ip) if [ "$2" = hub ]; then echo "$NET.250"; else echo "$NET.$((10+${2#h}))"; fi;;
  status) for d in "$LAB"/h*/; do h=$(basename "$d"); alive "$h" && ping_sock "$d/docker.sock" && echo "$h up" || echo "$h down"; done;;
  *) sed -n 2,7p "$0"; exit 2;;
esac
