import type { ContainerView } from "@/server/domains/fleet/schema";

/** The places of the page, in the order of their keys 1, 2, 3. Only what is built stands here. */
export const PLACES = [
  { id: "now", path: "/" },
  { id: "containers", path: "/containers" },
  { id: "hosts", path: "/hosts" },
  { id: "logs", path: "/logs" },
] as const;
export type PlaceId = (typeof PLACES)[number]["id"] | "settings";
export const SETTINGS_PATH = "/settings";
export const ADD_HOST_PATH = "/hosts/add";

/** The place that a path belongs to; null for none. */
export function placeOf(pathname: string): PlaceId | null {
  if (pathname === "/") return "now";
  if (pathname.startsWith(SETTINGS_PATH)) return "settings";
  return PLACES.find((place) => place.path !== "/" && (pathname === place.path || pathname.startsWith(`${place.path}/`)))?.id ?? null;
}

/** A container's own page, by its lasting address: it outlives a recreate. */
export const containerPath = (container: Pick<ContainerView, "key">): string => `/containers/${container.key}`;
/** A host's own page. */
export const hostPath = (id: string): string => `/hosts/${encodeURIComponent(id)}`;
