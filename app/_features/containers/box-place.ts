/** The address of a black box within its container's page. */
import type { BoxPlace } from "@/server/domains/fleet/schema";

/** Its name in the address. */
export const BOX_KEY = "box";

/** The part of a container's page that shows its black boxes; with a place, that one of them. */
export function boxesPath(containerPath: string, place?: BoxPlace): string {
  return `${containerPath}?part=boxes${place ? `&${BOX_KEY}=${formatPlace(place)}` : ""}`;
}

export const formatPlace = (place: Pick<BoxPlace, "epoch" | "seq">): string => `${place.epoch}-${place.seq}`;

/** The place that an address names on a host, or null when it names none. */
export function parsePlace(hostId: string, text: string | null): BoxPlace | null {
  const found = /^(\d{1,10})-(\d{1,10})$/.exec(text ?? "");
  return found ? { hostId, epoch: Number(found[1]), seq: Number(found[2]) } : null;
}
