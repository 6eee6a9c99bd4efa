"use client";
import { useSyncExternalStore } from "react";
import { createStore } from "@/app/_trpc/store";

/** What lies over the page; one at a time. */
export type Overlay = "palette" | "keys" | "operations" | null;
const overlay = createStore<Overlay>(null);

export const openOverlay = (which: Overlay): void => overlay.set(which);
export const openPalette = (): void => overlay.set("palette");
export const openKeySheet = (): void => overlay.set("keys");
/** Opens the drawer of running and past operations. */
export const openOperations = (): void => overlay.set("operations");
export const toggleOverlay = (which: Exclude<Overlay, null>): void => overlay.set(overlay.get() === which ? null : which);
export const useOverlay = (): Overlay => useSyncExternalStore<Overlay>(overlay.subscribe, overlay.get, () => null);
