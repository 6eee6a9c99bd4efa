"use client";
import type { ReactNode } from "react";
import { createContext, useContext, useEffect, useRef, useState } from "react";

/**
 * A key that does something. `code` is the place on the keyboard (event.code), so that it is the same key
 * with a Korean layout, where `KeyJ` types `ㅓ`.
 */
export interface KeyBinding {
  code: string;
  /** What the sheet shows on the key, such as "j" or "⌘K". */
  shows: string;
  /** What it does, for the sheet; absent: not listed. */
  does?: string;
  /** Heading in the sheet. */
  group?: string;
  shift?: boolean;
  /** Ctrl, or Command on a Mac. */
  mod?: boolean;
  /** Holding it down repeats it. */
  repeats?: boolean;
  /** Also while the person types into a field. */
  whileTyping?: boolean;
  /** The character to accept too where layouts put it elsewhere, such as "?". */
  character?: string;
  run: () => void;
}

interface Registration {
  layer: number;
  bindings: () => readonly KeyBinding[];
}
/** In order of mounting: the last one that knows a key wins. */
const registrations: Registration[] = [];
const layers: number[] = [0];
const Layer = createContext(0);

/** Binds keys while the calling component is mounted. Bindings may change with every render. */
export function useKeys(bindings: readonly KeyBinding[]): void {
  const layer = useContext(Layer);
  const latest = useRef(bindings);
  useEffect(() => {
    latest.current = bindings;
  });
  useEffect(() => {
    const registration = { layer, bindings: () => latest.current };
    registrations.push(registration);
    return () => void registrations.splice(registrations.indexOf(registration), 1);
  }, [layer]);
}

let lastLayer = 0;

/** What is inside shuts out all keys bound outside, as a dialog must. */
export function KeysLayer({ children }: { children: ReactNode }) {
  const [layer] = useState(() => ++lastLayer);
  useEffect(() => {
    layers.push(layer);
    return () => void layers.splice(layers.indexOf(layer), 1);
  }, [layer]);
  return <Layer value={layer}>{children}</Layer>;
}

/** Every key that works now and has a text, for the sheet. */
export function boundKeys(): KeyBinding[] {
  return registrations.filter((one) => one.layer === 0).flatMap((one) => one.bindings().filter((binding) => binding.does));
}

const isTyping = (target: EventTarget | null) =>
  target instanceof HTMLElement && (target.isContentEditable || /^(TEXTAREA|SELECT)$/.test(target.tagName) || (target instanceof HTMLInputElement && !/^(checkbox|radio|button)$/.test(target.type)));
// Menus and lists move by letters of their own.
const isOwnKeyboard = (target: EventTarget | null) => target instanceof Element && target.closest('[role="menu"],[role="listbox"]') !== null;
const isPressable = (target: EventTarget | null) => target instanceof Element && target.closest("button,a[href],summary,[role='button'],input[type='checkbox']") !== null;

/** Whether a pressed key is the one of a binding. */
export function matchesKey(binding: KeyBinding, event: Pick<KeyboardEvent, "code" | "key" | "repeat" | "altKey" | "ctrlKey" | "metaKey" | "shiftKey">): boolean {
  if (event.altKey || (event.ctrlKey || event.metaKey) !== (binding.mod ?? false)) return false;
  if (event.repeat && !binding.repeats) return false;
  if (binding.character !== undefined && event.key === binding.character) return true;
  return event.code === binding.code && event.shiftKey === (binding.shift ?? false);
}

function handle(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing || isOwnKeyboard(event.target)) return;
  // A focused button keeps its own Enter and Space.
  if ((event.code === "Enter" || event.code === "Space") && isPressable(event.target)) return;
  const typing = isTyping(event.target);
  const layer = layers.at(-1) ?? 0;
  for (const registration of registrations.toReversed()) {
    if (registration.layer !== layer) continue;
    const binding = registration.bindings().find((one) => matchesKey(one, event) && (!typing || one.whileTyping));
    if (!binding) continue;
    event.preventDefault();
    binding.run();
    return;
  }
}

/** Listens for the whole page; mounted once. */
export function KeysListener() {
  useEffect(() => {
    window.addEventListener("keydown", handle);
    return () => window.removeEventListener("keydown", handle);
  }, []);
  return null;
}
