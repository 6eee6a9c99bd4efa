/**
 * What a log line says, as pieces of text with class names: colours of a terminal become classes of ours,
 * everything else that steers a terminal is taken out. Nothing in here makes HTML, links or titles.
 */

export interface Piece {
  text: string;
  /** Class names, or "" for plain text. */
  look: string;
}

/** Anything but a tab that is no plain character of a line. */
const SPECIAL = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;
/** Characters that one sequence may have before its end: what is longer is no sequence but text. */
const SEQUENCE_CHARS = 4_096;
/** Strings without an end that are looked after in one line: the time for a line grows with its length alone. */
const ENDLESS_STRINGS = 16;

const ESC = 0x1b;
const BEL = 0x07;
/** The introducers, by the character after ESC; the same in one character is 0x40 higher. */
const CSI = 0x5b;
const OSC = 0x5d;
/** DCS, SOS, PM, APC: like OSC, a string up to ST. */
const STRINGS: ReadonlySet<number> = new Set([OSC, 0x50, 0x58, 0x5e, 0x5f]);

interface Style {
  fg: number | null;
  bg: number | null;
  bold: boolean;
  dim: boolean;
  italic: boolean;
  underline: boolean;
  strike: boolean;
  inverse: boolean;
}
const plainStyle = (): Style => ({ fg: null, bg: null, bold: false, dim: false, italic: false, underline: false, strike: false, inverse: false });

/** What xterm shows for the sixteen colours; the others go to the nearest of them, so that all are read on our ground. */
const SIXTEEN = [
  [0, 0, 0], [205, 0, 0], [0, 205, 0], [205, 205, 0], [0, 0, 238], [205, 0, 205], [0, 205, 205], [229, 229, 229],
  [127, 127, 127], [255, 0, 0], [0, 255, 0], [255, 255, 0], [92, 92, 255], [255, 0, 255], [0, 255, 255], [255, 255, 255],
] as const;

/** The nearest of the sixteen, 0 to 15. Components from 0 to 255. */
function nearest(red: number, green: number, blue: number): number {
  let best = 0;
  let least = Infinity;
  for (const [index, [r, g, b]] of SIXTEEN.entries()) {
    const distance = (r - red) ** 2 + (g - green) ** 2 + (b - blue) ** 2;
    if (distance < least) {
      least = distance;
      best = index;
    }
  }
  return best;
}

/** A colour of the 256: sixteen of its own, a cube of 6 × 6 × 6, 24 greys. null: there is no such colour. */
export function colourOf256(value: number): number | null {
  if (!Number.isInteger(value) || value < 0 || value > 255) return null;
  if (value < 16) return value;
  if (value >= 232) {
    const grey = 8 + (value - 232) * 10;
    return nearest(grey, grey, grey);
  }
  const cube = value - 16;
  const level = (step: number) => (step === 0 ? 0 : 55 + step * 40);
  return nearest(level(Math.floor(cube / 36)), level(Math.floor(cube / 6) % 6), level(cube % 6));
}

/** Reads the colour after 38 or 48 at `at`; returns how many parameters it took. */
function extendedColour(parameters: readonly number[], at: number): { colour: number | null; took: number } {
  if (parameters[at] === 5) return { colour: colourOf256(parameters[at + 1] ?? -1), took: 2 };
  if (parameters[at] !== 2) return { colour: null, took: 1 };
  const [red, green, blue] = [0, 1, 2].map((step) => Math.min(255, Math.max(0, parameters[at + 1 + step] ?? 0)));
  return { colour: nearest(red ?? 0, green ?? 0, blue ?? 0), took: 4 };
}

const SWITCHES: Readonly<Record<number, Partial<Style>>> = {
  1: { bold: true }, 2: { dim: true }, 3: { italic: true }, 4: { underline: true }, 7: { inverse: true }, 9: { strike: true }, 21: { underline: true },
  22: { bold: false, dim: false }, 23: { italic: false }, 24: { underline: false }, 27: { inverse: false }, 29: { strike: false }, 39: { fg: null }, 49: { bg: null },
};

/** Applies the parameters of one "m". Unknown ones do nothing; "hidden" (8) is not obeyed: a log hides nothing. */
function applyStyle(style: Style, text: string): void {
  const parameters = text.split(/[;:]/).map((part) => Number(part === "" ? 0 : part));
  for (let at = 0; at < parameters.length; at++) {
    const value = parameters[at] ?? 0;
    if (value === 0) Object.assign(style, plainStyle());
    else if (value >= 30 && value <= 37) style.fg = value - 30;
    else if (value >= 40 && value <= 47) style.bg = value - 40;
    else if (value >= 90 && value <= 97) style.fg = value - 82;
    else if (value >= 100 && value <= 107) style.bg = value - 92;
    else if (value === 38 || value === 48) {
      const { colour, took } = extendedColour(parameters, at + 1);
      if (colour !== null) style[value === 38 ? "fg" : "bg"] = colour;
      at += took;
    } else Object.assign(style, SWITCHES[value] ?? {});
  }
}

function lookOf(style: Style): string {
  const names: string[] = [];
  // Inverse text has our ground for its colour and its colour, or our ink, for its ground.
  if (style.inverse) names.push("ansi-inverse", `ansi-g${style.fg ?? "ink"}`);
  else {
    if (style.fg !== null) names.push(`ansi-f${style.fg}`);
    if (style.bg !== null) names.push(`ansi-b${style.bg}`);
  }
  if (style.bold) names.push("ansi-bold");
  if (style.dim && !style.inverse) names.push("ansi-dim");
  if (style.italic) names.push("ansi-italic");
  if (style.underline) names.push("ansi-underline");
  if (style.strike) names.push("ansi-strike");
  return names.join(" ");
}

/** Where the "m" and others of a control sequence end: the index after it, and its parameters when it is a plain "m". */
function readControl(text: string, from: number): { end: number; style: string | null } {
  let at = from;
  const stop = Math.min(text.length, from + SEQUENCE_CHARS);
  while (at < stop && isBetween(text.charCodeAt(at), 0x20, 0x3f)) at++;
  const isWhole = isBetween(text.charCodeAt(at), 0x40, 0x7e);
  const parameters = text.slice(from, at);
  // What breaks off or has a stray character in it: the part that was read is no text either.
  return { end: isWhole ? at + 1 : at, style: isWhole && text[at] === "m" && /^[\d;:]*$/.test(parameters) ? parameters : null };
}

/** The index after a string's end, BEL or ST. One without an end takes nothing with it: a line cannot hide its rest. */
function endOfString(text: string, from: number): number {
  const stop = Math.min(text.length, from + SEQUENCE_CHARS);
  for (let at = from; at < stop; at++) {
    const code = text.charCodeAt(at);
    if (code === BEL || code === 0x9c) return at + 1;
    if (code === ESC && text[at + 1] === "\\") return at + 2;
  }
  return from;
}

const isBetween = (code: number, low: number, high: number) => code >= low && code <= high;

/** A sequence that begins at `at`, where ESC or a one-character introducer stands. `strings`: whether ends are still looked for. */
function readSequence(text: string, at: number, strings: boolean): { end: number; style: string | null; endless?: boolean } {
  const isEscape = text.charCodeAt(at) === ESC;
  const kind = isEscape ? text.charCodeAt(at + 1) : text.charCodeAt(at) - 0x40;
  const body = at + (isEscape ? 2 : 1);
  if (kind === CSI) return readControl(text, body);
  if (STRINGS.has(kind)) {
    const end = strings ? endOfString(text, body) : body;
    return { end, style: null, endless: end === body };
  }
  if (!isEscape) return { end: body, style: null };
  // ESC ( B and the like: characters in between, then one that ends it.
  let end = at + 1;
  while (end < text.length && end < at + 8 && isBetween(text.charCodeAt(end), 0x20, 0x2f)) end++;
  return { end: isBetween(text.charCodeAt(end), 0x30, 0x7e) ? end + 1 : end, style: null };
}

/** How a character that cannot be seen is shown. */
function visible(code: number): string {
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  if (code === 0x7f) return "\u2421";
  // What turns the direction of writing would show a line as something that it is not.
  return `<U+${code.toString(16).toUpperCase()}>`;
}

/** The pieces of a line, at most `limit` characters of it. The joined texts are what is searched and copied. */
export function readPieces(text: string, limit = Infinity): Piece[] {
  if (!SPECIAL.test(text)) return [{ text: text.length > limit ? text.slice(0, limit) : text, look: "" }];
  const pieces: Piece[] = [];
  const style = plainStyle();
  let look = "";
  let run = "";
  let left = limit;
  let endless = 0;
  const settle = () => {
    if (run !== "") pieces.push({ text: run, look });
    run = "";
  };
  let at = 0;
  while (at < text.length && left > 0) {
    const code = text.charCodeAt(at);
    if (!SPECIAL.test(text[at] ?? "")) {
      run += text[at++];
      left--;
    } else if (code === ESC || isBetween(code, 0x80, 0x9f)) {
      const sequence = readSequence(text, at, endless < ENDLESS_STRINGS);
      at = sequence.end;
      if (sequence.endless) endless++;
      if (sequence.style === null) continue;
      settle();
      applyStyle(style, sequence.style);
      look = lookOf(style);
    } else {
      const shown = visible(code);
      run += shown;
      left -= shown.length;
      at++;
    }
  }
  settle();
  return pieces;
}

/** The line without anything that steers a terminal: the joined texts of its pieces. */
export function plainText(text: string): string {
  if (!SPECIAL.test(text)) return text;
  let plain = "";
  for (const piece of readPieces(text)) plain += piece.text;
  return plain;
}

/** The pieces cut at the borders of `ranges` (ascending, not overlapping); what lies within one is `hit`. */
export function markPieces(pieces: readonly Piece[], ranges: readonly (readonly [number, number])[]): (Piece & { hit: boolean })[] {
  const marked: (Piece & { hit: boolean })[] = [];
  let offset = 0;
  let next = 0;
  for (const { text, look } of pieces) {
    let at = 0;
    while (at < text.length) {
      while ((ranges[next]?.[1] ?? Infinity) <= offset + at) next++;
      const [start, end] = ranges[next] ?? [Infinity, Infinity];
      const hit = start <= offset + at;
      const stop = Math.min(text.length, (hit ? end : start) - offset);
      marked.push({ text: text.slice(at, stop), look, hit });
      at = stop;
    }
    offset += text.length;
  }
  return marked;
}
