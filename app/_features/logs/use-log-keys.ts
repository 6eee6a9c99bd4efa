"use client";
import type { RefObject } from "react";
import { useTranslations } from "use-intl";
import { useKeys } from "@/app/_ui/keys";

interface LogKeys {
  field: RefObject<HTMLInputElement | null>;
  move: (by: number) => void;
  toStart: () => void;
  toEnd: () => void;
  nextHit: (backwards: boolean) => void;
  follow: () => void;
  togglePause: () => void;
  toggleWrap: () => void;
  toggleTimes: () => void;
  copy: () => void;
  /** Lets go of the chosen line; absent: nothing to let go of, and Escape means what it means elsewhere. */
  leave: (() => void) | undefined;
}

/** The keys of a log. */
export function useLogKeys({ field, move, toStart, toEnd, nextHit, follow, togglePause, toggleWrap, toggleTimes, copy, leave }: LogKeys): void {
  const t = useTranslations("logs.keys");
  const group = t("title");
  useKeys([
    { code: "KeyJ", shows: "j", does: t("move"), group, repeats: true, run: () => move(1) },
    { code: "KeyK", shows: "k", does: t("move"), group, repeats: true, run: () => move(-1) },
    { code: "KeyG", shows: "g", does: t("start"), group, run: toStart },
    { code: "KeyG", shift: true, shows: "G", does: t("end"), group, run: toEnd },
    { code: "Slash", shows: "/", does: t("find"), group, run: () => field.current?.focus() },
    { code: "KeyN", shows: "n", does: t("next"), group, repeats: true, run: () => nextHit(false) },
    { code: "KeyN", shift: true, shows: "N", does: t("previous"), group, repeats: true, run: () => nextHit(true) },
    { code: "KeyF", shows: "f", does: t("follow"), group, run: follow },
    { code: "KeyP", shows: "p", does: t("pause"), group, run: togglePause },
    { code: "KeyW", shows: "w", does: t("wrap"), group, run: toggleWrap },
    { code: "KeyT", shows: "t", does: t("times"), group, run: toggleTimes },
    { code: "KeyC", shows: "c", does: t("copy"), group, run: copy },
    ...(leave ? [{ code: "Escape", shows: "Esc", run: leave }] : []),
  ]);
}
