"use client";
import { useTranslations } from "use-intl";
import { useConnection } from "@/app/_trpc/live";
import { Tag } from "@/app/_ui/chip";
import { classes } from "@/app/_ui/classes";
import { clockNow } from "@/app/_ui/clock";
import { useFormat } from "@/app/_ui/format";
import type { StateShape, StateTone } from "@/app/_ui/state-mark";
import { StateShapeIcon, toneClass } from "@/app/_ui/state-mark";
import { useSecondsSince } from "./seconds-since";

const LOOKS: Record<"connecting" | "live" | "reconnecting" | "away", { shape: StateShape; tone: StateTone }> = {
  connecting: { shape: "starting", tone: "info" },
  live: { shape: "running", tone: "ok" },
  reconnecting: { shape: "starting", tone: "warn" },
  away: { shape: "unknown", tone: "muted" },
};

/** Whether what the page shows is true now. */
export function ConnectionTag() {
  const t = useTranslations("shell.connection");
  const connection = useConnection();
  const look = LOOKS[connection.state];
  return (
    <Tag role="status" className="max-desk:border-0! max-desk:px-0!">
      <StateShapeIcon shape={look.shape} className={toneClass(look.tone)} />
      <span className="max-desk:sr-only">{t(connection.state)}</span>
    </Tag>
  );
}

/** One bar while the server is away: since when, and that the page stands still at the moment it last knew. */
export function AwayBar() {
  const t = useTranslations("shell.connection");
  const connection = useConnection();
  if (connection.state !== "away") return null;
  return <AwayFor since={connection.since} title={t("awayTitle")} />;
}

function AwayFor({ since, title }: { since: number; title: string }) {
  const t = useTranslations("shell.connection");
  const format = useFormat();
  const seconds = useSecondsSince(since);
  return (
    <div role="status" className={classes("sticky top-0 z-20 flex flex-wrap items-center gap-x-3 gap-y-0.5 border-b border-edge bg-warn-soft px-5 py-2 max-desk:px-3.5")}>
      <StateShapeIcon shape="unknown" className="text-warn" />
      <b className="font-semibold">{title}</b>
      <span className="text-ink-2">{t("awayFrozen", { time: format.clock(clockNow()), span: format.span(seconds * 1_000) })}</span>
    </div>
  );
}
