"use client";
import { useTranslations } from "use-intl";
import { useMay } from "@/app/_features/auth/me";
import { PlaceLink } from "@/app/_features/shell/place-link";
import { ADD_HOST_PATH } from "@/app/_features/shell/places";
import { useScope } from "@/app/_features/shell/scope";
import { useFleetReady, useHosts } from "@/app/_trpc/live";
import { Age } from "@/app/_ui/age";
import { Button } from "@/app/_ui/button";
import { EmptyState } from "@/app/_ui/empty-state";
import { Panel } from "@/app/_ui/panel";
import { FleetCells } from "./fleet-cells";
import { HostTable } from "./host-table";
import { NeedCard } from "./need-card";
import type { NowView } from "./use-now-view";
import { useNowView } from "./use-now-view";

/** More cards would not be read; the rest is a figure with a way to it. */
const SHOWN_NEEDS = 12;

function AddHost({ primary }: { primary?: boolean }) {
  const t = useTranslations("shell");
  if (!useMay("host.enrol")) return null;
  return (
    <Button asChild {...(primary ? { tone: "primary" as const } : {})}>
      <PlaceLink path={ADD_HOST_PATH}>{t("addHost")}</PlaceLink>
    </Button>
  );
}

/** One sentence on how things stand, and what it rests on. */
function Headline({ view }: { view: NowView }) {
  const t = useTranslations("now");
  const { groups, needs } = view;
  const silent = new Set(needs.filter((need) => need.kind !== "container").map((need) => need.host.id));
  const failing = new Set(needs.map((need) => need.host.id));
  const well = groups.filter((group) => !failing.has(group.host.id) && group.host.link === "up").length;
  const rest =
    needs.length > 0
      ? t("hostsWell", { well, count: groups.length })
      : t("allConfirmed", { hosts: t("hosts", { count: groups.length }), containers: t("containers", { count: view.containers }), unknown: view.unknown });
  return (
    <div className="min-w-0 flex-1">
      <h1>{needs.length > 0 ? t("needs", { count: needs.length }) : t("allWell")}</h1>
      <p className="text-ink-2">
        {rest}
        {view.confirmedAt !== null && silent.size < groups.length ? (
          <>
            {" · "}
            {t("lastConfirmed")} <Age at={view.confirmedAt} />
          </>
        ) : null}
      </p>
    </div>
  );
}

function NoHost() {
  const t = useTranslations("now.empty");
  return (
    <Panel>
      <EmptyState title={t("title")} action={<AddHost primary />}>
        <p>{t("what")}</p>
        <p>{t("ownMachine")}</p>
      </EmptyState>
    </Panel>
  );
}

function NothingInScope() {
  const t = useTranslations("now.scope");
  const scope = useScope();
  return (
    <Panel>
      <EmptyState title={t("title")} action={<Button onClick={() => scope.set({ host: null, stack: null })}>{t("clear")}</Button>}>
        <p>{t("what")}</p>
      </EmptyState>
    </Panel>
  );
}

/** How the fleet stands this moment: a sentence, what needs a person, every container, every host. */
export function Now() {
  const t = useTranslations("now");
  const ready = useFleetReady();
  const total = useHosts().size;
  const view = useNowView();
  if (!ready) {
    return (
      <>
        <h1>{t("title")}</h1>
        <p role="status" className="text-ink-2">{t("loading")}</p>
      </>
    );
  }
  if (total === 0) {
    return (
      <>
        <h1>{t("title")}</h1>
        <NoHost />
      </>
    );
  }
  const { groups, needs, older } = view;
  const first = needs.find((need) => need.kind === "container");
  return (
    <>
      <div className="flex items-start gap-3">
        <Headline view={view} />
        <span className="max-desk:hidden">
          <AddHost />
        </span>
      </div>
      {groups.length === 0 ? <NothingInScope /> : null}
      {needs.length > 0 ? (
        <Panel aria-label={t("needsTitle")}>
          <ul>
            {needs.slice(0, SHOWN_NEEDS).map((need) => (
              <NeedCard key={`${need.kind} ${need.id}`} need={need} isFirst={need === first} />
            ))}
          </ul>
          {needs.length > SHOWN_NEEDS ? <More count={needs.length - SHOWN_NEEDS} /> : null}
        </Panel>
      ) : null}
      {older > 0 ? (
        <p className="text-12 text-ink-2">
          {t("older", { count: older })}{" "}
          <PlaceLink path="/containers?q=state:failing" className="text-accent underline underline-offset-2">
            {t("show")}
          </PlaceLink>
        </p>
      ) : null}
      {groups.length > 0 ? (
        <>
          <FleetCells groups={groups} />
          <HostTable groups={groups} />
        </>
      ) : null}
    </>
  );
}

function More({ count }: { count: number }) {
  const t = useTranslations("now");
  return (
    <p className="px-3.5 py-2.5 text-ink-2">
      {t("more", { count })}{" "}
      <PlaceLink path="/containers?q=state:failing" className="text-accent underline underline-offset-2">
        {t("show")}
      </PlaceLink>
    </p>
  );
}
