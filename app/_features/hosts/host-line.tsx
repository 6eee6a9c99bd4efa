"use client";
import { memo, useState } from "react";
import { useTranslations } from "use-intl";
import { CpuCell, FiguresLine, MemoryCell } from "@/app/_features/metrics/cells";
import { PlaceLink } from "@/app/_features/shell/place-link";
import { hostPath } from "@/app/_features/shell/places";
import { Age } from "@/app/_ui/age";
import { Tag } from "@/app/_ui/chip";
import { classes } from "@/app/_ui/classes";
import { IconButton } from "@/app/_ui/button";
import { MoreIcon } from "@/app/_ui/icons";
import { BodyCell, BodyRow } from "@/app/_ui/table";
import { isFresh, type HostView } from "@/server/domains/fleet/schema";
import type { HostQuestion } from "./host-dialogs";
import { HostMark } from "./host-mark";
import { HostMenu } from "./host-menu";
import { HostRename } from "./host-rename";
import { hostState, isPast, type HostCounts } from "./host-state";
import { containersPath } from "./paths";
import { ReachWord } from "./reach";

interface HostLineProps {
  host: HostView;
  counts: HostCounts;
  onAsk: (question: { id: string; about: HostQuestion }) => void;
}

/** A line is drawn again when its host or its own figures changed; the map of all counts is new with every event. */
const sameLine = (a: HostLineProps, b: HostLineProps) => a.host === b.host && a.onAsk === b.onAsk && a.counts.total === b.counts.total && a.counts.running === b.counts.running && a.counts.failing === b.counts.failing;

/** The figure stands in its column, whatever picture is before it; the picture goes where there is little room. */
const FIGURE = "min-w-[132px] max-wide:min-w-[72px] max-wide:[&_svg]:hidden max-wide:[&_[role=meter]]:hidden";

/** One host of the table. */
export const HostRow = memo(function HostRow({ host, counts, onAsk }: HostLineProps) {
  const t = useTranslations("hosts");
  const [isNaming, setNaming] = useState(false);
  const past = isPast(hostState(host, counts));
  const soft = past ? "" : "text-ink-2";
  const figures = host.link === "revoked" ? "ended" : past ? "unknown" : "now";
  return (
    <BodyRow className={past ? "is-stale" : ""}>
      <BodyCell className={isNaming ? "w-[330px]" : "max-w-[260px]"}>
        {isNaming ? (
          <HostRename id={host.id} name={host.name} onDone={() => setNaming(false)} />
        ) : (
          <PlaceLink path={hostPath(host.id)} prefetch={false} className={classes("block truncate font-[550] hover:underline", !past && "text-ink")} title={host.name}>
            {host.name}
          </PlaceLink>
        )}
      </BodyCell>
      <BodyCell>
        <HostMark host={host} counts={counts} />
      </BodyCell>
      <BodyCell figure className={soft}>
        <Age at={host.confirmedAt} />
      </BodyCell>
      <BodyCell className={classes(soft, FIGURE)}>
        <CpuCell row={host.id} state={figures} of="host" />
      </BodyCell>
      <BodyCell className={classes(soft, FIGURE)}>
        <MemoryCell row={host.id} state={figures} of="host" />
      </BodyCell>
      <BodyCell className={classes(soft, "max-wide:hidden")}>
        <Engine host={host} />
      </BodyCell>
      <BodyCell figure className={soft}>
        <PlaceLink path={containersPath(host.id)} prefetch={false} className="hover:underline" title={isFresh(host) ? t("runningHint", { ...counts }) : t("lastKnown", { count: counts.total })}>
          {isFresh(host) ? t("running", { ...counts }) : `– / ${counts.total}`}
        </PlaceLink>
      </BodyCell>
      <BodyCell className={soft}>
        <ReachWord host={host} />
      </BodyCell>
      <BodyCell className={classes(soft, "max-[1680px]:hidden")}>{host.agentVersion}</BodyCell>
      <BodyCell className={classes(soft, "max-[1250px]:hidden")}>
        <span title={t(`policyHint.${host.allow}`)}>{t(`policy.${host.allow}`)}</span>
      </BodyCell>
      <BodyCell className="max-[1360px]:hidden">
        <TagList tags={host.tags} limit={2} />
      </BodyCell>
      <BodyCell className={classes(soft, "font-mono text-12 max-[1680px]:hidden")}>{host.address ?? "–"}</BodyCell>
      <BodyCell className="px-1!">
        <HostMenu
          host={host}
          onRename={() => setNaming(true)}
          onAsk={(about) => onAsk({ id: host.id, about })}
          trigger={
            <IconButton label={t("actionsFor", { name: host.name })}>
              <MoreIcon />
            </IconButton>
          }
        />
      </BodyCell>
    </BodyRow>
  );
}, sameLine);

/** The same on a phone. */
export const HostCard = memo(function HostCard({ host, counts, onAsk }: HostLineProps) {
  const t = useTranslations("hosts");
  const [isNaming, setNaming] = useState(false);
  const past = isPast(hostState(host, counts));
  return (
    <li className={classes("flex flex-col gap-1 rounded-panel border border-line bg-panel py-2.5 pr-1.5 pl-3.5", past && "is-stale")}>
      <div className="flex items-center gap-2">
        {isNaming ? (
          <HostRename id={host.id} name={host.name} onDone={() => setNaming(false)} />
        ) : (
          <PlaceLink path={hostPath(host.id)} prefetch={false} className={classes("min-w-0 flex-1 truncate py-2 text-15 font-[550]", !past && "text-ink")}>
            {host.name}
          </PlaceLink>
        )}
        <HostMenu
          host={host}
          onRename={() => setNaming(true)}
          onAsk={(about) => onAsk({ id: host.id, about })}
          trigger={
            <IconButton label={t("actionsFor", { name: host.name })}>
              <MoreIcon />
            </IconButton>
          }
        />
      </div>
      <PlaceLink path={hostPath(host.id)} prefetch={false} className="flex flex-col gap-0.5 pr-2">
        <span className="flex items-center gap-3">
          <HostMark host={host} counts={counts} />
          <span className="ml-auto text-12 text-ink-3">
            <Age at={host.confirmedAt} />
          </span>
        </span>
        <span className="text-12 text-ink-3">
          <Engine host={host} /> · {isFresh(host) ? t("runningHint", { ...counts }) : t("lastKnown", { count: counts.total })}
        </span>
        <span className="text-12 text-ink-3">
          {t("column.policy")}: {t(`policy.${host.allow}`)} · {t("column.reach")}: <ReachWord host={host} />
        </span>
        <span className="text-12">
          <FiguresLine row={host.id} state={host.link === "revoked" ? "ended" : past ? "unknown" : "now"} of="host" />
        </span>
      </PlaceLink>
      <TagList tags={host.tags} limit={6} />
    </li>
  );
}, sameLine);

export function Engine({ host }: { host: HostView }) {
  const t = useTranslations("hosts.engineName");
  if (host.runtime.engine === null) return <>{t("none")}</>;
  return (
    <>
      {t(host.runtime.engine)} {host.runtime.version ?? ""}
    </>
  );
}

export function TagList({ tags, limit }: { tags: readonly string[]; limit: number }) {
  if (tags.length === 0) return null;
  return (
    <span className={limit <= 2 ? "flex gap-1.5" : "flex flex-wrap gap-1.5"}>
      {tags.slice(0, limit).map((tag) => (
        <Tag key={tag} className="h-[20px]! max-w-[160px]">
          <span className="truncate">{tag}</span>
        </Tag>
      ))}
      {tags.length > limit ? (
        <span className="self-center text-12 text-ink-3" title={tags.slice(limit).join(", ")}>
          +{tags.length - limit}
        </span>
      ) : null}
    </span>
  );
}
