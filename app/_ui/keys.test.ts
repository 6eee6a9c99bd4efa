import { describe, expect, it } from "vitest";
import type { KeyBinding } from "./keys";
import { matchesKey } from "./keys";

const press = (code: string, key: string, change: Partial<KeyboardEvent> = {}) => ({ code, key, repeat: false, altKey: false, ctrlKey: false, metaKey: false, shiftKey: false, ...change });
const binding = (change: Partial<KeyBinding>): KeyBinding => ({ code: "KeyJ", shows: "j", run: () => undefined, ...change });

describe("keys", () => {
  it("are places on the keyboard: with a Korean layout the same key does the same", () => {
    expect(matchesKey(binding({}), press("KeyJ", "j"))).toBe(true);
    expect(matchesKey(binding({}), press("KeyJ", "ㅓ"))).toBe(true);
    expect(matchesKey(binding({}), press("KeyK", "j"))).toBe(false);
  });
  it("leave the browser's own combinations alone", () => {
    expect(matchesKey(binding({ code: "KeyR" }), press("KeyR", "r", { ctrlKey: true }))).toBe(false);
    expect(matchesKey(binding({ code: "KeyR" }), press("KeyR", "r", { metaKey: true }))).toBe(false);
    expect(matchesKey(binding({ code: "KeyR" }), press("KeyR", "R", { shiftKey: true }))).toBe(false);
    expect(matchesKey(binding({ code: "KeyR" }), press("KeyR", "®", { altKey: true }))).toBe(false);
  });
  it("take Ctrl or Command where they ask for it", () => {
    for (const change of [{ ctrlKey: true }, { metaKey: true }]) expect(matchesKey(binding({ code: "KeyK", mod: true }), press("KeyK", "k", change))).toBe(true);
  });
  it("do a thing once however long the key is held, unless it may repeat", () => {
    expect(matchesKey(binding({}), press("KeyJ", "j", { repeat: true }))).toBe(false);
    expect(matchesKey(binding({ repeats: true }), press("KeyJ", "j", { repeat: true }))).toBe(true);
  });
  it("find the question mark wherever a layout puts it", () => {
    const sheet = binding({ code: "Slash", shift: true, character: "?" });
    expect(matchesKey(sheet, press("Slash", "?", { shiftKey: true }))).toBe(true);
    expect(matchesKey(sheet, press("Minus", "?", { shiftKey: true })), "German").toBe(true);
    expect(matchesKey(sheet, press("Slash", "/"))).toBe(false);
  });
});
