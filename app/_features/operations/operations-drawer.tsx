"use client";
import { useState } from "react";
import { useTranslations } from "use-intl";
import { useOperations } from "@/app/_trpc/live";
import { Chip } from "@/app/_ui/chip";
import { EmptyState } from "@/app/_ui/empty-state";
import { Sheet } from "@/app/_ui/sheet";
import { OperationCard } from "./operation-card";
import { endedBadly } from "./progress";
import { useReadMarks } from "./read-marks";

interface OperationsDrawerProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
}

/** What is being done and was done lately by anyone, the newest first. It never opens by itself. */
export function OperationsDrawer({ open, onOpenChange }: OperationsDrawerProps) {
  const t = useTranslations("operations");
  const operations = useOperations();
  const read = useReadMarks();
  const [which, setWhich] = useState<"running" | "all">("all");
  const running = operations.filter((operation) => operation.state === "running");
  // What failed stays beside what runs until somebody has read it.
  const urgent = operations.filter((operation) => operation.state === "running" || (endedBadly(operation) && !read.has(operation.id)));
  const shown = which === "running" ? urgent : operations;
  return (
    <Sheet open={open} onOpenChange={onOpenChange} title={t("title")} {...(running.length > 0 ? { aside: t("drawer.chip", { count: running.length }) } : {})}>
      <div role="group" aria-label={t("drawer.filter")} className="flex gap-2 border-b border-line px-4 py-2.5">
        {(["all", "running"] as const).map((option) => (
          <Chip key={option} on={which === option} onClick={() => setWhich(option)}>
            {t(`drawer.${option}`)}
          </Chip>
        ))}
      </div>
      {shown.length === 0 ? (
        <EmptyState title={t(which === "running" ? "drawer.noneRunning" : "drawer.none")}>
          <p>{t(which === "running" ? "drawer.noneRunningHint" : "drawer.noneHint")}</p>
        </EmptyState>
      ) : (
        <ol>
          {shown.map((operation) => (
            <OperationCard key={operation.id} operation={operation} isUnread={endedBadly(operation) && !read.has(operation.id)} />
          ))}
        </ol>
      )}
    </Sheet>
  );
}
