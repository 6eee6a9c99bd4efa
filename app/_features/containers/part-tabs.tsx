"use client";
import { classes } from "@/app/_ui/classes";

interface PartTabsProps<T extends string> {
  label: string;
  current: T;
  tabs: readonly { id: T; label: string; href: string }[];
}

/** The parts of one page. Each has an address of its own; changing between them asks the server for nothing. */
export function PartTabs<T extends string>({ label, current, tabs }: PartTabsProps<T>) {
  return (
    <nav aria-label={label} className="flex gap-5 border-b border-line">
      {tabs.map((tab) => (
        <a
          key={tab.id}
          href={tab.href}
          aria-current={tab.id === current ? "page" : undefined}
          onClick={(event) => {
            if (event.metaKey || event.ctrlKey || event.shiftKey) return;
            event.preventDefault();
            history.replaceState(null, "", tab.href);
          }}
          className={classes("-mb-px border-b-2 pb-2 max-desk:py-2.5", tab.id === current ? "border-accent text-ink" : "border-transparent text-ink-2 hover:text-ink")}
        >
          {tab.label}
        </a>
      ))}
    </nav>
  );
}
