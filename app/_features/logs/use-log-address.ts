"use client";
import { useSearchParams } from "next/navigation";
import { useEffect, useMemo, useRef, useState } from "react";
import { LOG_KEYS, readAddress, writeAddress, type LogAddress } from "./log-url";

/** A pause in typing after which what is looked for goes into the address. */
const PAUSE_MS = 250;

/** Puts a view into the address; what else stands there (the scope, the part of a page) stays. */
function put(address: LogAddress, how: "replace" | "push"): void {
  const url = new URL(location.href);
  for (const key of LOG_KEYS) url.searchParams.delete(key);
  for (const [key, value] of new URLSearchParams(writeAddress(address))) url.searchParams.append(key, value);
  if (url.href !== location.href) history[how === "push" ? "pushState" : "replaceState"](null, "", url);
}

/** The log view that the address names, and what is typed before it gets there. */
export function useLogAddress() {
  const params = useSearchParams();
  const address = useMemo(() => readAddress(params), [params]);
  const [draft, setDraft] = useState<string | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null);
  const stop = () => {
    if (timer.current) clearTimeout(timer.current);
    timer.current = null;
  };
  useEffect(() => stop, []);
  return {
    address,
    find: draft ?? address.find,
    /** While typing: looked for at once, in the address after a pause. */
    typeFind: (find: string) => {
      setDraft(find);
      stop();
      timer.current = setTimeout(() => put({ ...readAddress(new URLSearchParams(location.search)), find }, "replace"), PAUSE_MS);
    },
    /** A choice. push: Back undoes it. */
    set: (change: Partial<LogAddress>, how: "replace" | "push" = "replace") => {
      stop();
      const here = readAddress(new URLSearchParams(location.search));
      put({ ...here, ...(draft === null ? {} : { find: draft }), ...change }, how);
      setDraft(null);
    },
  };
}
export type LogAddressState = ReturnType<typeof useLogAddress>;
