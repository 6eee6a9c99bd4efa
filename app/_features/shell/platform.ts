"use client";
import { useSyncExternalStore } from "react";

const never = () => () => undefined;
const read = () => (/Mac|iPhone|iPad/.test(navigator.platform) ? "mac" : "other");

/** The key that finds, as it is printed on the keyboard. */
export const FIND_KEY = { mac: "⌘K", other: "Ctrl K" } as const;

/** Which of the two names the Command/Ctrl key has here. */
export const usePlatform = (): "mac" | "other" => useSyncExternalStore<"mac" | "other">(never, read, () => "other");
