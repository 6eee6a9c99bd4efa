"use client";
import { useMemo } from "react";
import { useTranslations } from "use-intl";
import { useContainers, useHosts } from "@/app/_trpc/live";
import { Chip } from "@/app/_ui/chip";
import { CrossIcon, DownIcon } from "@/app/_ui/icons";
import { Menu, MenuChoice } from "@/app/_ui/menu";
import { useScope } from "./scope";

/** "Everything" in a menu of names; no host or stack has an empty name. */
const ALL = "";

/** The stacks of the fleet (of the one host in scope) with how many containers each has, by name. */
function useStacks(host: string | null): { name: string; count: number }[] {
  const containers = useContainers();
  return useMemo(() => {
    const counts = new Map<string, number>();
    for (const container of containers.values()) {
      const stack = container.target.namespace;
      if (stack !== null && (host === null || container.hostId === host)) counts.set(stack, (counts.get(stack) ?? 0) + 1);
    }
    return [...counts].map(([name, count]) => ({ name, count })).sort((one, other) => one.name.localeCompare(other.name));
  }, [containers, host]);
}

/** What all places are narrowed to: one host or all, one stack or all. */
export function ScopeChips() {
  const t = useTranslations("shell.scope");
  const hosts = useHosts();
  const scope = useScope();
  const stacks = useStacks(scope.host);
  const hostList = useMemo(() => [...hosts.values()].sort((one, other) => one.name.localeCompare(other.name)), [hosts]);
  const hostName = scope.host === null ? t("allHosts") : (hosts.get(scope.host)?.name ?? t("unknownHost"));
  return (
    <div className="flex min-w-0 items-center gap-2" role="group" aria-label={t("label")}>
      {hosts.size > 1 || scope.host !== null ? (
        <Menu
          trigger={
            <Chip {...(scope.host === null ? {} : { on: true })} className="min-w-0 max-w-[200px]">
              <span className="truncate">{hostName}</span> <DownIcon className="size-3!" />
            </Chip>
          }
        >
          <MenuChoice
            value={scope.host ?? ALL}
            onChange={(value) => scope.set({ host: value || null })}
            options={[{ value: ALL, label: t("allHosts") }, ...hostList.map((host) => ({ value: host.id, label: host.name }))]}
          />
        </Menu>
      ) : null}
      {stacks.length > 1 || scope.stack !== null ? (
        <Menu
          trigger={
            <Chip {...(scope.stack === null ? {} : { on: true })} className="min-w-0 max-w-[200px] max-phone:hidden">
              <span className="truncate">{scope.stack ?? t("allStacks")}</span> <DownIcon className="size-3!" />
            </Chip>
          }
        >
          <MenuChoice
            value={scope.stack ?? ALL}
            onChange={(value) => scope.set({ stack: value || null })}
            options={[{ value: ALL, label: t("allStacks") }, ...stacks.map((stack) => ({ value: stack.name, label: stack.name, aside: stack.count }))]}
          />
        </Menu>
      ) : null}
      {scope.host !== null || scope.stack !== null ? (
        <button type="button" aria-label={t("clear")} title={t("clear")} className="grid size-[24px] place-items-center rounded-full text-ink-3 hover:text-ink max-desk:size-[36px]" onClick={() => scope.set({ host: null, stack: null })}>
          <CrossIcon className="size-3.5!" />
        </button>
      ) : null}
    </div>
  );
}
