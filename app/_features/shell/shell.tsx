"use client";
import type { ReactNode } from "react";
import { useTranslations } from "use-intl";
import type { Me } from "@/server/domains/accounts/schema";
import { MeProvider } from "@/app/_features/auth/me";
import { ActionsProvider } from "@/app/_features/operations/actions-provider";
import { OperationsDrawer } from "@/app/_features/operations/operations-drawer";
import { LiveProvider } from "@/app/_trpc/live-provider";
import { AwayBar } from "./connection";
import { KeySheet } from "./key-sheet";
import { openOverlay, useOverlay } from "./overlays";
import { PageTitle } from "./page-title";
import { Palette } from "./palette";
import { BottomBar, Rail } from "./rail";
import { ShellKeys } from "./shell-keys";
import { TopBar } from "./top-bar";

function Overlays() {
  const overlay = useOverlay();
  const close = (open: boolean) => {
    if (!open) openOverlay(null);
  };
  return (
    <>
      <Palette open={overlay === "palette"} onOpenChange={close} />
      <KeySheet open={overlay === "keys"} onOpenChange={close} />
      <OperationsDrawer open={overlay === "operations"} onOpenChange={close} />
    </>
  );
}

/** The frame around every place: where one can go, what holds, what is under way, and whether it is true now. */
export function Shell({ me, children }: { me: Me; children: ReactNode }) {
  const t = useTranslations("shell");
  return (
    <MeProvider me={me}>
      <LiveProvider>
        <ActionsProvider>
          <PageTitle />
          <a href="#main" className="fixed top-2 left-2 z-50 -translate-y-16 rounded-control bg-accent px-3 py-1.5 text-on-accent focus:translate-y-0">
            {t("skip")}
          </a>
          <div className="flex min-h-dvh">
            <Rail />
            <div className="flex min-w-0 flex-1 flex-col">
              <TopBar />
              <AwayBar />
              <main id="main" tabIndex={-1} className="flex min-w-0 flex-1 flex-col gap-4 px-5 pt-[18px] pb-10 outline-none! max-desk:gap-3 max-desk:px-3.5 max-desk:pt-3.5 max-desk:pb-[88px]">
                {children}
              </main>
            </div>
          </div>
          <BottomBar />
          <Overlays />
          <ShellKeys />
        </ActionsProvider>
      </LiveProvider>
    </MeProvider>
  );
}
