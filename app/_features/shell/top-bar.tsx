"use client";
import { useTranslations } from "use-intl";
import { useOperations } from "@/app/_trpc/live";
import { Chip } from "@/app/_ui/chip";
import { IconButton } from "@/app/_ui/button";
import { useFormat } from "@/app/_ui/format";
import { Mark, OperationsIcon, SearchIcon, UnderWayIcon } from "@/app/_ui/icons";
import { Kbd } from "@/app/_ui/kbd";
import { ConnectionTag } from "./connection";
import { openPalette, toggleOverlay } from "./overlays";
import { FIND_KEY, usePlatform } from "./platform";
import { ScopeChips } from "./scope-chips";
import { UserMenu } from "./user-menu";

/** How many operations run now; opens the drawer. Shown while one runs, and afterwards as the way back to what was done. */
function OperationsChip() {
  const t = useTranslations("shell");
  const format = useFormat();
  const operations = useOperations();
  const running = operations.filter((operation) => operation.state === "running").length;
  if (operations.length === 0) return null;
  return (
    <Chip onClick={() => toggleOverlay("operations")}>
      {running > 0 ? <UnderWayIcon /> : <OperationsIcon className="size-3.5! desk:hidden" />}
      {running > 0 ? (
        <span aria-hidden="true" className="desk:hidden">
          {format.number(running)}
        </span>
      ) : null}
      <span className="max-desk:sr-only">{running > 0 ? t("operations.running", { count: running }) : t("operations.title")}</span>
    </Chip>
  );
}

/** Finding, the scope, what is under way, and whether the page is live. */
export function TopBar() {
  const t = useTranslations("shell");
  const platform = usePlatform();
  return (
    <header className="flex h-[48px] shrink-0 items-center gap-2.5 border-b border-line bg-bg px-5 max-desk:h-[54px] max-desk:gap-2 max-desk:px-3.5">
      <Mark className="desk:hidden" />
      <button
        type="button"
        onClick={openPalette}
        aria-keyshortcuts="Control+K Meta+K"
        className="flex h-[30px] min-w-0 flex-[0_1_420px] items-center gap-2 rounded-[8px] border border-edge bg-panel px-2.5 text-ink-3 hover:border-control max-desk:hidden"
      >
        <SearchIcon className="size-3.5!" />
        <span className="truncate">{t("find.open")}</span>
        <span className="ml-auto">
          <Kbd>{FIND_KEY[platform]}</Kbd>
        </span>
      </button>
      <ScopeChips />
      <div className="ml-auto flex items-center gap-2.5 max-desk:gap-1">
        <OperationsChip />
        <ConnectionTag />
        <IconButton label={t("find.open")} onClick={openPalette} className="desk:hidden">
          <SearchIcon />
        </IconButton>
        <span className="desk:hidden">
          <UserMenu compact />
        </span>
      </div>
    </header>
  );
}
