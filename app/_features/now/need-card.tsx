"use client";
import type { ReactNode } from "react";
import { useTranslations } from "use-intl";
import { boxesPath } from "@/app/_features/containers/box-place";
import { denialOf } from "@/app/_features/containers/eligibility";
import { toRow } from "@/app/_features/containers/fleet-row";
import { useMe } from "@/app/_features/auth/me";
import { useActions } from "@/app/_features/operations/actions-provider";
import { PendingMark, usePending } from "@/app/_features/operations/pending";
import { RestartHold } from "@/app/_features/operations/restart-hold";
import { PlaceLink } from "@/app/_features/shell/place-link";
import { containerPath, hostPath } from "@/app/_features/shell/places";
import { useIsLive } from "@/app/_trpc/live";
import { Age } from "@/app/_ui/age";
import { Button } from "@/app/_ui/button";
import type { StateShape } from "@/app/_ui/state-mark";
import { StateShapeIcon } from "@/app/_ui/state-mark";
import type { Fault, Need } from "./needs";

interface LinesProps {
  shape: StateShape;
  colour: string;
  title: ReactNode;
  aside: ReactNode;
  children: ReactNode;
  actions: ReactNode;
}

/** What broke and since when; why; what can be done about it. */
function Lines({ shape, colour, title, aside, children, actions }: LinesProps) {
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-2.5 border-b border-line px-3.5 py-3 last:border-b-0">
      <StateShapeIcon shape={shape} className={`mt-1 self-start ${colour}`} />
      <div className="min-w-0 flex-1 basis-[240px]">
        <p>
          <b className="font-semibold">{title}</b> <span className="text-ink-3">{aside}</span>
        </p>
        <p className="text-ink-2">{children}</p>
      </div>
      <div className="flex gap-2.5 max-desk:w-full max-desk:*:flex-1">{actions}</div>
    </li>
  );
}

type ContainerNeed = Extract<Need, { kind: "container" }>;

function ContainerActions({ need, isFirst }: { need: ContainerNeed; isFirst: boolean }) {
  const t = useTranslations("now");
  const { permissions } = useMe();
  const { ask } = useActions();
  const isLive = useIsLive();
  const pending = usePending()(need.id);
  const row = toRow(need.container, need.host);
  const action = need.container.state === "exited" || need.container.state === "created" ? "start" : "restart";
  const canAsk = denialOf(action, row, permissions) === null;
  return (
    <>
      {pending ? <PendingMark pending={pending} /> : null}
      {canAsk && action === "restart" ? <RestartHold row={row} isPending={pending !== undefined} wide className="desk:hidden" /> : null}
      {canAsk && !pending ? (
        <Button tone={isFirst ? "primary" : "plain"} disabled={!isLive} onClick={() => ask(action, [row])} {...(action === "restart" ? { className: "max-desk:hidden" } : {})}>
          {t(`do.${action}`)}
        </Button>
      ) : null}
      {LEAVES_BOX.has(need.fault) ? (
        <Button asChild>
          <PlaceLink path={boxesPath(containerPath(need.container))}>{t("do.lastWords")}</PlaceLink>
        </Button>
      ) : null}
      <Button asChild>
        <PlaceLink path={containerPath(need.container)}>{t("do.open")}</PlaceLink>
      </Button>
    </>
  );
}

/** Faults of which something was kept: what never ran has said nothing. */
const LEAVES_BOX: ReadonlySet<Fault> = new Set<Fault>(["restarting", "outOfMemory", "unhealthy", "dead", "exited"]);

/** Since when, where that is known; on which host; how often it was restarted. */
function ContainerAside({ need }: { need: ContainerNeed }) {
  const t = useTranslations("now");
  const { since, host, container } = need;
  return (
    <>
      {t.rich("onHost", { host: host.name, name: (chunks) => <span className="text-ink">{chunks}</span> })}
      {since === null ? null : (
        <>
          {" · "}
          <Age at={since} as="ago" />
        </>
      )}
      {container.restartCount > 0 ? ` · ${t("restarts", { count: container.restartCount })}` : null}
    </>
  );
}

function Why({ need }: { need: ContainerNeed }) {
  const t = useTranslations("now.why");
  const { container, fault } = need;
  if (fault === "cannotStart") return container.error;
  // No code is said where the engine says none: a container that runs again has no exit code, not 0.
  const code = container.exitCode === null ? "none" : String(container.exitCode);
  if (fault === "restarting" || fault === "exited" || fault === "dead") return t(fault, { code, policy: container.restartPolicy });
  return t(fault);
}

/** One thing that needs a person, with the safe thing to do. `isFirst`: its action is the one to begin with. */
export function NeedCard({ need, isFirst }: { need: Need; isFirst: boolean }) {
  const t = useTranslations("now");
  if (need.kind === "container") {
    return (
      <Lines shape="failing" colour="text-bad" title={t(`fault.${need.fault}`, { name: need.container.name })} aside={<ContainerAside need={need} />} actions={<ContainerActions need={need} isFirst={isFirst} />}>
        <Why need={need} />
      </Lines>
    );
  }
  const check = (
    <Button asChild>
      <PlaceLink path={hostPath(need.host.id)}>{t("do.checkHost")}</PlaceLink>
    </Button>
  );
  const aside = t("stateUnknown", { count: need.containers });
  if (need.kind === "hostSilent") {
    return (
      <Lines
        shape="unknown"
        colour="text-unknown"
        title={t("hostSilent", { name: need.host.name })}
        aside={
          <>
            {t.rich("silentFor", { age: () => <Age at={need.since} as="span" /> })} · {aside}
          </>
        }
        actions={check}
      >
        <span {...(need.host.linkWhy ? { title: need.host.linkWhy } : {})}>{t("why.hostSilent")}</span>
      </Lines>
    );
  }
  return (
    <Lines shape="failing" colour="text-warn" title={t("runtimeAway", { name: need.host.name })} aside={aside} actions={check}>
      {t(`why.runtime.${need.host.runtime.state === "up" ? "down" : need.host.runtime.state}`)}
      {need.host.runtime.why ? <span className="block text-12">{need.host.runtime.why}</span> : null}
    </Lines>
  );
}
