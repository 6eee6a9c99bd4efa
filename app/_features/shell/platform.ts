"use client";
import { useSyncExternalStore } from "react";

const never = () => () => undefined;
const read = () => (/Mac|iPhone|iPad/.test(navigator.platform) ? "mac" : "other");

/** Which of the two names the Command/Ctrl key has here. */
export const usePlatform = (): "mac" | "other" => useSyncExternalStore<"mac" | "other">(never, read, () => "other");
