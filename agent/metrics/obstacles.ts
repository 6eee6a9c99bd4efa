/** Why containers are measured through the engine, in a sentence with the line that changes it. */
import type { Reach } from "../reach";
import type { Obstacle, Source } from "./sources";

/** A container that is just ending could not be read once; from the second time on it counts. */
const MISSES = 2;

const MOUNTS = "-v /proc:/host/proc:ro -v /sys/fs/cgroup:/host/sys/fs/cgroup:ro --cgroupns host -e BINNACLE_HOST_ROOT=/host";
const SENTENCES: Record<Obstacle, string> = {
  elsewhere: `the agent does not see the engine's processes. Run it on the engine's own machine; an agent in a container needs ${MOUNTS}`,
  hidden: "the agent sees the cgroups from inside its own container. Start that container with --cgroupns host",
  unmounted: `no cgroup file system is mounted where the agent looks. An agent in a container needs ${MOUNTS}`,
  unreadable: "the agent's user may not read the cgroup files. Run the agent as root, or as a user that may read /sys/fs/cgroup",
};

/** Direct when no source has an obstacle. */
export function describeReach(sources: ReadonlyMap<string, Source>): Reach {
  let blocked = 0;
  let first: Obstacle | null = null;
  for (const { obstacle, misses } of sources.values()) {
    if (obstacle === null || misses < MISSES) continue;
    blocked++;
    first ??= obstacle;
  }
  if (first === null) return { direct: true, why: null };
  const some = blocked < sources.size ? `${blocked} of ${sources.size} containers are` : "Containers are";
  return { direct: false, why: `${some} measured through the engine: ${SENTENCES[first]}.` };
}
