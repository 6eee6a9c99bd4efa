"use client";
import { useDeferredValue, useId, useMemo, useState } from "react";
import { Dialog } from "radix-ui";
import { useTranslations } from "use-intl";
import { ACTIONS } from "@/server/domains/operations/schema";
import { useMe } from "@/app/_features/auth/me";
import { denialOf } from "@/app/_features/containers/eligibility";
import { toRow } from "@/app/_features/containers/fleet-row";
import { useActions } from "@/app/_features/operations/actions-provider";
import { useContainers, useHosts, useIsLive } from "@/app/_trpc/live";
import { classes } from "@/app/_ui/classes";
import { ActionIcon, ContainersIcon, HostsIcon, RightIcon, SearchIcon } from "@/app/_ui/icons";
import { KeysLayer } from "@/app/_ui/keys";
import type { Finding } from "./find";
import { find, readAction } from "./find";
import { ADD_HOST_PATH, containerPath, hostPath, PLACES, SETTINGS_PATH } from "./places";
import { useGo } from "./use-go";

const ICONS = { place: RightIcon, host: HostsIcon, container: ContainersIcon, action: ActionIcon } as const;
/** Containers offered for one action. */
const SHOWN_ACTIONS = 12;

/** Everything there is to find, by name. */
function useFindings(): Finding[] {
  const t = useTranslations("shell");
  const hosts = useHosts();
  const containers = useContainers();
  return useMemo(() => {
    const place = (path: string, label: string): Finding => ({ id: path, label, aside: "", kind: "place", path });
    const findings: Finding[] = [...PLACES.map((one) => place(one.path, t(`places.${one.id}`))), place(SETTINGS_PATH, t("places.settings")), place(ADD_HOST_PATH, t("addHost"))];
    for (const host of hosts.values()) findings.push({ id: `host ${host.id}`, label: host.name, aside: host.tags.join(" "), kind: "host", path: hostPath(host.id) });
    for (const [key, container] of containers) {
      const host = hosts.get(container.hostId)?.name ?? "";
      findings.push({ id: key, label: container.name, aside: [host, container.target.namespace].filter(Boolean).join(" · "), kind: "container", path: containerPath(container) });
    }
    return findings;
  }, [t, hosts, containers]);
}

/** "restart api": the action on each container of that name that takes it now. */
function useActionFindings(text: string): Finding[] {
  const t = useTranslations("shell.find");
  const words = useTranslations("operations.action");
  const { permissions } = useMe();
  const { ask } = useActions();
  const isLive = useIsLive();
  const hosts = useHosts();
  const containers = useContainers();
  return useMemo(() => {
    const names = new Map(ACTIONS.map((action) => [action, words(action)]));
    const wanted = isLive ? readAction(text, names) : null;
    if (!wanted) return [];
    const findings: Finding[] = [];
    for (const [key, container] of containers) {
      const row = toRow(container, hosts.get(container.hostId));
      if (denialOf(wanted.action, row, permissions) !== null) continue;
      const aside = [row.hostName, container.target.namespace].filter(Boolean).join(" · ");
      findings.push({ id: `${wanted.action} ${key}`, label: container.name, aside, kind: "action", path: "", run: () => ask(wanted.action, [row]) });
    }
    const name = names.get(wanted.action) ?? "";
    return find(findings, wanted.rest).slice(0, SHOWN_ACTIONS).map((finding) => ({ ...finding, label: t("act", { action: name, name: finding.label }) }));
  }, [text, t, words, permissions, ask, isLive, hosts, containers]);
}

function Finder({ onDone }: { onDone: () => void }) {
  const t = useTranslations("shell.find");
  const go = useGo();
  const listId = useId();
  const all = useFindings();
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const sought = useDeferredValue(text);
  const actions = useActionFindings(sought);
  const found = useMemo(() => [...actions, ...find(all, sought)], [actions, all, sought]);
  const chosen = Math.min(at, found.length - 1);
  const open = (finding: Finding | undefined) => {
    if (!finding) return;
    onDone();
    if (finding.run) finding.run();
    else go(finding.path);
  };
  const move = (event: React.KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    if (event.code === "Enter" || event.code === "NumpadEnter") open(found[chosen]);
    else if (event.code === "ArrowDown") setAt(Math.min(chosen + 1, found.length - 1));
    else if (event.code === "ArrowUp") setAt(Math.max(chosen - 1, 0));
    else return;
    event.preventDefault();
  };
  return (
    <>
      <div className="flex h-[46px] shrink-0 items-center gap-2.5 border-b border-line px-3.5">
        <SearchIcon className="text-ink-3" />
        <input
          autoFocus
          role="combobox"
          aria-expanded="true"
          aria-controls={listId}
          aria-activedescendant={chosen >= 0 ? `${listId}-${chosen}` : undefined}
          aria-label={t("open")}
          autoComplete="off"
          spellCheck={false}
          placeholder={t("placeholder")}
          value={text}
          onChange={(event) => {
            setText(event.target.value);
            setAt(0);
          }}
          onKeyDown={move}
          className="h-full min-w-0 flex-1 bg-transparent text-15 outline-none!"
        />
      </div>
      <ul id={listId} role="listbox" aria-label={t("open")} className="min-h-0 flex-1 overflow-y-auto p-1.5">
        {found.map((finding, index) => (
          <Row key={finding.id} id={`${listId}-${index}`} finding={finding} chosen={index === chosen} onPoint={() => setAt(index)} onOpen={() => open(finding)} />
        ))}
      </ul>
      {found.length === 0 ? <p className="px-4 pb-6 text-ink-2">{t("nothing", { text: sought })}</p> : null}
    </>
  );
}

interface RowProps {
  id: string;
  finding: Finding;
  chosen: boolean;
  onPoint: () => void;
  onOpen: () => void;
}
function Row({ id, finding, chosen, onPoint, onOpen }: RowProps) {
  const Icon = ICONS[finding.kind];
  return (
    <li
      id={id}
      role="option"
      aria-selected={chosen}
      ref={chosen ? (row) => row?.scrollIntoView({ block: "nearest" }) : null}
      onPointerMove={chosen ? undefined : onPoint}
      onClick={onOpen}
      className={classes("flex min-h-[34px] cursor-default items-center gap-2.5 rounded-[6px] px-2.5 max-desk:min-h-[44px]", chosen && "bg-accent-soft")}
    >
      <Icon className="text-ink-3" />
      <span className="min-w-0 truncate">{finding.label}</span>
      <span className={classes("ml-auto min-w-0 shrink truncate text-12", chosen ? "text-ink-2" : "text-ink-3")}>{finding.aside}</span>
    </li>
  );
}

/** Find a place, a host or a container by name and go there. */
export function Palette({ open, onOpenChange }: { open: boolean; onOpenChange: (open: boolean) => void }) {
  const t = useTranslations("shell.find");
  return (
    <Dialog.Root open={open} onOpenChange={onOpenChange}>
      <Dialog.Portal>
        <Dialog.Overlay className="fixed inset-0 z-40 bg-veil" />
        <Dialog.Content aria-describedby={undefined} className="fixed top-[10dvh] left-1/2 z-50 flex max-h-[62dvh] w-[calc(100vw-24px)] max-w-[560px] -translate-x-1/2 flex-col overflow-hidden rounded-panel border border-edge bg-panel max-desk:top-3">
          <Dialog.Title className="sr-only">{t("open")}</Dialog.Title>
          <KeysLayer>
            <Finder onDone={() => onOpenChange(false)} />
          </KeysLayer>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
