"use client";
import { useTranslations } from "use-intl";
import { StateMark } from "@/app/_ui/state-mark";
import type { HostView } from "@/server/domains/fleet/schema";
import { HOST_MARKS, hostState, type HostCounts } from "./host-state";

/** How a host is, with the reason in the tooltip. */
export function HostMark({ host, counts }: { host: HostView; counts: HostCounts }) {
  const t = useTranslations("hosts.state");
  const state = hostState(host, counts);
  const why = host.link === "up" ? host.runtime.why : host.linkWhy;
  return (
    <StateMark {...HOST_MARKS[state]}>
      <span {...(why ? { title: why } : {})}>{state === "failing" ? t("failing", { count: counts.failing }) : t(state)}</span>
    </StateMark>
  );
}
