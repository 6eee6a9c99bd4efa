"use client";
import { useTranslations } from "use-intl";
import { Button } from "@/app/_ui/button";
import { EmptyState } from "@/app/_ui/empty-state";
import { explainNoHits, withoutTerm, type Term } from "./filter";
import type { FleetRow } from "./fleet-row";

/** A filter that lets nothing through: which term hides how many, and how to drop it. */
export function NoHits({ rows, terms, filter, onSet }: { rows: readonly FleetRow[]; terms: readonly Term[]; filter: string; onSet: (filter: string) => void }) {
  const t = useTranslations("containers");
  const hidings = explainNoHits(rows, terms);
  return (
    <EmptyState
      title={t("noHits.title")}
      action={
        <Button tone="primary" onClick={() => onSet("")}>
          {t("noHits.clear")}
        </Button>
      }
    >
      <ul className="flex flex-col gap-2">
        {hidings.map(({ term, hides, without }) => (
          <li key={term.source} className="flex flex-wrap items-center gap-x-2.5 gap-y-1">
            <span>
              {t.rich("noHits.aloneRich", { term: () => <code className="text-accent">{term.source}</code>, count: hides })}
              {without > 0 ? <span className="text-ink-3"> · {t("noHits.without", { count: without })}</span> : null}
            </span>
            <Button onClick={() => onSet(withoutTerm(filter, term))}>{t("noHits.dropIt")}</Button>
          </li>
        ))}
      </ul>
    </EmptyState>
  );
}
