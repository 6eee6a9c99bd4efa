"use client";
import { useTranslations } from "use-intl";
import type { KeyBinding } from "@/app/_ui/keys";
import { useKeys } from "@/app/_ui/keys";
import { openKeySheet, openPalette, toggleOverlay } from "./overlays";
import { PLACES } from "./places";
import { FIND_KEY, usePlatform } from "./platform";
import { useGo } from "./use-go";

/** The keys that work in every place. */
export function ShellKeys() {
  const t = useTranslations("shell");
  const go = useGo();
  const platform = usePlatform();
  const group = t("keys.everywhere");
  const places: KeyBinding[] = PLACES.map((place, index) => ({
    code: `Digit${index + 1}`,
    shows: String(index + 1),
    does: t(`places.${place.id}`),
    group,
    run: () => go(place.path),
  }));
  useKeys([
    ...places,
    { code: "KeyK", mod: true, shows: FIND_KEY[platform], does: t("find.open"), group, whileTyping: true, run: openPalette },
    { code: "KeyO", shows: "o", does: t("operations.title"), group, run: () => toggleOverlay("operations") },
    { code: "Slash", shift: true, character: "?", shows: "?", does: t("keys.title"), group, run: openKeySheet },
  ]);
  return null;
}
