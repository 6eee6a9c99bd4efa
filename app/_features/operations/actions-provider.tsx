"use client";
import type { ReactNode } from "react";
import { createContext, useCallback, useContext, useEffect, useMemo, useRef, useState } from "react";
import { useMutation } from "@tanstack/react-query";
import { useTranslations } from "use-intl";
import type { FleetRow } from "@/app/_features/containers/fleet-row";
import { useMe } from "@/app/_features/auth/me";
import { judge } from "@/app/_features/containers/eligibility";
import { useTRPC } from "@/app/_trpc/client";
import { FailureNotice } from "@/app/_trpc/failure-notice";
import { noteOperation, useOperations } from "@/app/_trpc/live";
import { clockNow } from "@/app/_ui/clock";
import { BULK_LIMIT, type Action } from "@/server/domains/operations/schema";
import { ActionDialog } from "./action-dialog";
import { needsQuestion, newKey, toRunInput, type Choices, type Intent } from "./intent";
import { pendingByContainer, type Pending } from "./progress";

interface Actions {
  /** Does it, or asks first where that is due. What cannot be asked of a row is left out. */
  ask: (action: Action, rows: readonly FleetRow[]) => void;
  /** The same for a whole stack on one host. `rows` are its containers there. */
  askStack: (action: Action, stack: NonNullable<Intent["stack"]>, rows: readonly FleetRow[]) => void;
}

const ActionsContext = createContext<Actions | null>(null);
const AskedContext = createContext<ReadonlyMap<string, Pending>>(new Map());

/** How long an operation whose host is away waits before it expires, for what was asked a moment ago. */
const EXPIRES_MS = 600_000;

/** What was asked for and not yet answered by the server, by `hostId/container id`. */
export const useAsked = (): ReadonlyMap<string, Pending> => useContext(AskedContext);

export function useActions(): Actions {
  const actions = useContext(ActionsContext);
  if (!actions) throw new Error("useActions needs ActionsProvider around it");
  return actions;
}

function askedFor(intent: Intent, rows: readonly FleetRow[]): Map<string, Pending> {
  const since = clockNow();
  return new Map(rows.map((row) => [row.id, { operationId: intent.key, action: intent.action, state: "running", since, deadlineAt: since + EXPIRES_MS }]));
}

/** Sends intents to the server, keeps what is on its way, and shows what could not be sent until it was read. */
export function ActionsProvider({ children }: { children: ReactNode }) {
  const t = useTranslations("operations");
  const trpc = useTRPC();
  const { permissions } = useMe();
  const { mutateAsync } = useMutation(trpc.operations.run.mutationOptions());
  const [question, setQuestion] = useState<Intent | null>(null);
  const [asked, setAsked] = useState<ReadonlyMap<string, Pending>>(new Map());
  const [failure, setFailure] = useState<{ error: unknown } | null>(null);
  // Also read between two clicks of the same moment, when no render has happened yet.
  const onTheWay = useRef(new Map<string, Pending>());
  const operations = useOperations();
  const underWay = useRef(new Map<string, Pending>());
  useEffect(() => {
    underWay.current = pendingByContainer(operations);
  }, [operations]);

  /** Sends it. A second click on the same thing while the first is under way is the first: one restart. */
  const send = useCallback(
    async (intent: Intent, rows: readonly FleetRow[], choices: Choices) => {
      const isUnderWay = (row: FleetRow) => [onTheWay, underWay].some((where) => where.current.get(row.id)?.action === intent.action);
      const fresh = intent.stack ? rows : rows.filter((row) => !isUnderWay(row));
      if (fresh.length === 0) return;
      const mine = askedFor(intent, fresh);
      for (const [id, pending] of mine) onTheWay.current.set(id, pending);
      const sent = mutateAsync(toRunInput(intent, fresh, choices)); // on its way before the screen is drawn anew
      setAsked(new Map(onTheWay.current));
      try {
        noteOperation(await sent);
      } finally {
        for (const id of mine.keys()) onTheWay.current.delete(id);
        setAsked(new Map(onTheWay.current));
      }
    },
    [mutateAsync],
  );

  const actions = useMemo<Actions>(() => {
    const begin = (intent: Intent) => {
      const { eligible } = judge(intent.action, intent.rows, permissions);
      if (!intent.stack && (eligible.length === 0 || eligible.length > BULK_LIMIT)) return;
      setFailure(null);
      // One in a selection may be eligible and the rest not: then there is a question all the same, since it says so.
      if (needsQuestion(intent)) setQuestion(intent);
      else send(intent, eligible, {}).catch((error: unknown) => setFailure({ error }));
    };
    return {
      ask: (action, rows) => begin({ key: newKey(), action, rows, stack: null }),
      askStack: (action, stack, rows) => begin({ key: newKey(), action, rows, stack }),
    };
  }, [permissions, send]);

  return (
    <ActionsContext value={actions}>
      <AskedContext value={asked}>
        {children}
        {question ? <ActionDialog key={question.key} intent={question} onClose={() => setQuestion(null)} onGo={send} /> : null}
        {failure ? (
          <div className="fixed inset-x-3 bottom-[72px] z-30 mx-auto max-w-[640px] rounded-panel border border-edge bg-panel desk:bottom-4" aria-label={t("failed")}>
            <FailureNotice error={failure.error} onClose={() => setFailure(null)} />
          </div>
        ) : null}
      </AskedContext>
    </ActionsContext>
  );
}
