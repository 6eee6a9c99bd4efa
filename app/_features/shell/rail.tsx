"use client";
import { usePathname } from "next/navigation";
import { useTranslations } from "use-intl";
import { useContainers, useFleetReady, useHosts } from "@/app/_trpc/live";
import { classes } from "@/app/_ui/classes";
import { useFormat } from "@/app/_ui/format";
import { ContainersIcon, HostsIcon, LogsIcon, Mark, NowIcon, SettingsIcon } from "@/app/_ui/icons";
import { PlaceLink } from "./place-link";
import type { PlaceId } from "./places";
import { PLACES, placeOf, SETTINGS_PATH } from "./places";
import { useScope } from "./scope";
import { UserMenu } from "./user-menu";

const ICONS = { now: NowIcon, containers: ContainersIcon, hosts: HostsIcon, logs: LogsIcon, settings: SettingsIcon } as const;

/** How many there are in the scope; null until known. */
function useCounts(): Partial<Record<PlaceId, number>> {
  const ready = useFleetReady();
  const hosts = useHosts();
  const containers = useContainers();
  const scope = useScope();
  if (!ready) return {};
  if (scope.host === null && scope.stack === null) return { containers: containers.size, hosts: hosts.size };
  let count = 0;
  for (const container of containers.values()) if (scope.has(container)) count++;
  return { containers: count, hosts: hosts.size };
}

/** The places, at the left of a desk. */
export function Rail() {
  const t = useTranslations("shell");
  const format = useFormat();
  const here = placeOf(usePathname());
  const counts = useCounts();
  const entry = (id: PlaceId, path: string) => {
    const Icon = ICONS[id];
    const count = counts[id];
    return (
      <PlaceLink
        key={id}
        path={path}
        prefetch
        {...(here === id ? { "aria-current": "page" as const } : {})}
        className={classes(
          "flex h-[32px] items-center gap-2.5 rounded-control px-2 hover:text-ink max-wide:justify-center max-wide:px-0",
          here === id ? "bg-raised text-ink outline-line" : "text-ink-2",
        )}
        title={t(`places.${id}`)}
      >
        <Icon />
        <span className="max-wide:sr-only">{t(`places.${id}`)}</span>
        {count === undefined ? null : <span className="ml-auto text-12 text-ink-3 max-wide:hidden">{format.number(count)}</span>}
      </PlaceLink>
    );
  };
  return (
    <aside className="sticky top-0 hidden h-dvh w-[204px] shrink-0 flex-col gap-0.5 border-r border-line bg-rail px-2.5 py-3.5 max-wide:w-[60px] desk:flex">
      <PlaceLink path="/" className="mb-3 flex items-center gap-[9px] rounded-control px-2 text-15 font-[650] tracking-[-0.01em] max-wide:justify-center max-wide:px-0">
        <Mark />
        <span className="max-wide:sr-only">{t("name")}</span>
      </PlaceLink>
      <nav aria-label={t("navigation")} className="flex flex-1 flex-col gap-0.5">
        {PLACES.map((place) => entry(place.id, place.path))}
        <span className="mt-auto" />
        {entry("settings", SETTINGS_PATH)}
      </nav>
      <UserMenu />
    </aside>
  );
}

/** The places, at the foot of a phone. */
export function BottomBar() {
  const t = useTranslations("shell");
  const here = placeOf(usePathname());
  const entry = (id: PlaceId, path: string) => {
    const Icon = ICONS[id];
    return (
      <PlaceLink
        key={id}
        path={path}
        prefetch
        {...(here === id ? { "aria-current": "page" as const } : {})}
        className={classes("flex min-w-0 flex-1 flex-col items-center justify-center gap-1 text-11", here === id ? "text-accent" : "text-ink-2")}
      >
        <Icon className="size-[18px]" />
        <span className="max-w-full truncate">{t(`places.${id}`)}</span>
      </PlaceLink>
    );
  };
  return (
    <nav aria-label={t("navigation")} className="fixed inset-x-0 bottom-0 z-20 flex h-[calc(60px+env(safe-area-inset-bottom))] border-t border-line bg-rail pb-[env(safe-area-inset-bottom)] desk:hidden">
      {PLACES.map((place) => entry(place.id, place.path))}
      {entry("settings", SETTINGS_PATH)}
    </nav>
  );
}
