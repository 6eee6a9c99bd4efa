"use client";
import { useState } from "react";
import { useTranslations } from "use-intl";
import { Dialog } from "@/app/_ui/dialog";
import { Kbd } from "@/app/_ui/kbd";
import type { KeyBinding } from "@/app/_ui/keys";
import { boundKeys } from "@/app/_ui/keys";

function inGroups(bindings: KeyBinding[]): [string, KeyBinding[]][] {
  const groups = new Map<string, KeyBinding[]>();
  for (const binding of bindings) {
    const group = groups.get(binding.group ?? "") ?? [];
    if (!group.some((one) => one.shows === binding.shows && one.does === binding.does)) group.push(binding);
    groups.set(binding.group ?? "", group);
  }
  return [...groups];
}

function Keys() {
  // What was bound when the sheet opened: the page under it does not change while it lies there.
  const [groups] = useState(() => inGroups(boundKeys()));
  return (
    <div className="grid gap-x-8 gap-y-5 desk:grid-cols-2">
      {groups.map(([group, bindings]) => (
        <section key={group}>
          <h3 className="mb-1.5 text-12 text-ink-3">{group}</h3>
          <dl className="flex flex-col gap-1.5">
            {bindings.map((binding) => (
              <div key={binding.shows + (binding.does ?? "")} className="flex items-center justify-between gap-4">
                <dt>{binding.does}</dt>
                <dd>
                  <Kbd>{binding.shows}</Kbd>
                </dd>
              </div>
            ))}
          </dl>
        </section>
      ))}
    </div>
  );
}

/** Every key that works here. */
export function KeySheet({ open, onOpenChange }: { open: boolean; onOpenChange: (open: boolean) => void }) {
  const t = useTranslations("shell.keys");
  return (
    <Dialog open={open} onOpenChange={onOpenChange} title={t("title")} description={t("hint")} wide>
      <Keys />
    </Dialog>
  );
}
