"use client";
import { useMemo, useState } from "react";
import { useTranslations } from "use-intl";
import { useMay } from "@/app/_features/auth/me";
import { useFiguresOf, useTableFeed } from "@/app/_features/metrics/use-table";
import { ADD_HOST_PATH } from "@/app/_features/shell/places";
import { PlaceLink } from "@/app/_features/shell/place-link";
import { useScope } from "@/app/_features/shell/scope";
import { useContainers, useFleetReady, useHosts } from "@/app/_trpc/live";
import { Button } from "@/app/_ui/button";
import { EmptyState } from "@/app/_ui/empty-state";
import { PlusIcon } from "@/app/_ui/icons";
import { Panel } from "@/app/_ui/panel";
import { HeadCell, Table } from "@/app/_ui/table";
import { useIsPhone } from "@/app/_ui/use-phone";
import { HostCard, HostRow } from "./host-line";
import { HostDialog, type HostQuestion } from "./host-dialogs";
import { FigureHead } from "./figure-head";
import { sortHosts, type HostOrder } from "./host-order";
import { countByHost, hostState, NO_COUNTS } from "./host-state";

/** All hosts, each with its state and when it was last confirmed. */
export function HostsScreen() {
  const t = useTranslations("hosts");
  const hosts = useHosts();
  const ready = useFleetReady();
  const containers = useContainers();
  const scope = useScope();
  const isPhone = useIsPhone();
  const counts = useMemo(() => countByHost(containers.values()), [containers]);
  const [order, setOrder] = useState<HostOrder>(null);
  useTableFeed();
  const figuresOf = useFiguresOf(order !== null);
  const list = useMemo(() => sortHosts([...hosts.values()].filter((host) => scope.host === null || host.id === scope.host), order, figuresOf), [hosts, scope.host, order, figuresOf]);
  const [question, setQuestion] = useState<{ id: string; about: HostQuestion } | null>(null);
  const asked = question ? hosts.get(question.id) : undefined;
  const well = list.filter((host) => hostState(host, NO_COUNTS) === "well").length;
  const Line = isPhone ? HostCard : HostRow;
  const lines = list.map((host) => <Line key={host.id} host={host} counts={counts.get(host.id) ?? NO_COUNTS} onAsk={setQuestion} />);
  return (
    <>
      <header className="flex flex-wrap items-center gap-x-4 gap-y-2">
        <h1>{t("title")}</h1>
        {ready ? <span className="text-ink-3">{t("total", { hosts: list.length, well })}</span> : null}
        <AddHost />
      </header>
      {!ready || isPhone === null ? (
        <Panel aria-busy="true" className="px-3.5 py-3 text-ink-3">
          {t("loading")}
        </Panel>
      ) : list.length === 0 ? (
        <NoHosts />
      ) : isPhone ? (
        <ul className="flex flex-col gap-2.5">{lines}</ul>
      ) : (
        <Panel className="overflow-x-auto!">
          <Table>
            <thead>
              <tr>
                <HeadCell>{t("column.name")}</HeadCell>
                <HeadCell>{t("column.state")}</HeadCell>
                <HeadCell figure>{t("column.confirmed")}</HeadCell>
                <FigureHead by="cpu" order={order} onOrder={setOrder} />
                <FigureHead by="memory" order={order} onOrder={setOrder} />
                <HeadCell className="max-wide:hidden">{t("column.engine")}</HeadCell>
                <HeadCell figure>{t("column.containers")}</HeadCell>
                <HeadCell>{t("column.reach")}</HeadCell>
                <HeadCell className="max-[1680px]:hidden">{t("column.agent")}</HeadCell>
                <HeadCell className="max-[1250px]:hidden">{t("column.policy")}</HeadCell>
                <HeadCell className="max-[1360px]:hidden">{t("column.tags")}</HeadCell>
                <HeadCell className="max-[1680px]:hidden">{t("column.address")}</HeadCell>
                <HeadCell className="w-[40px]" />
              </tr>
            </thead>
            <tbody>{lines}</tbody>
          </Table>
        </Panel>
      )}
      {question && asked ? <HostDialog question={question.about} host={asked} onClose={() => setQuestion(null)} /> : null}
    </>
  );
}

function AddHost() {
  const t = useTranslations("hosts");
  const may = useMay("host.enrol");
  if (!may)
    return (
      <Button disabled title={t("add.denied")} className="ml-auto">
        <PlusIcon /> {t("addHost")}
      </Button>
    );
  return (
    <Button asChild className="ml-auto">
      <PlaceLink path={ADD_HOST_PATH}>
        <PlusIcon /> {t("addHost")}
      </PlaceLink>
    </Button>
  );
}

function NoHosts() {
  const t = useTranslations("hosts");
  return (
    <Panel>
      <EmptyState
        title={t("none.title")}
        action={
          <Button tone="primary" asChild>
            <PlaceLink path={ADD_HOST_PATH}>{t("addHost")}</PlaceLink>
          </Button>
        }
      >
        <p>{t("none.what")}</p>
        <p>{t("none.own")}</p>
      </EmptyState>
    </Panel>
  );
}
