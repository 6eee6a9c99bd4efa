import { describe, expect, it } from "vitest";
import { readMessage } from "./messages";
import { filesIn, textOf } from "./tree";

type Tree = { [key: string]: string | Tree };
type Catalogue = Map<string, string>;

/** All texts of one language by `namespace.path.to.key`. */
function catalogueOf(locale: string): Catalogue {
  const texts: Catalogue = new Map();
  const walk = (tree: Tree, path: string) => {
    for (const [key, value] of Object.entries(tree)) {
      if (typeof value === "string") texts.set(`${path}.${key}`, value);
      else walk(value, `${path}.${key}`);
    }
  };
  for (const path of filesIn([`messages/${locale}`], /\.json$/)) walk(JSON.parse(textOf(path)) as Tree, path.replace(/^.*\//, "").replace(/\.json$/, ""));
  return texts;
}

/** Korean texts that have no word to translate: an example of the filter's language. */
const SAME_IN_KOREAN = new Set(["containers.filter.placeholder"]);
/** Names, units and keys that Korean writes as English does. */
const SAME_WORDS = new Set("B KiB MiB GiB TiB PiB ms s CPU CPUs Docker Podman Compose Binnacle ID IP TCP UDP URL K".split(" "));
/** Latin words that a translator has left as they are. */
const latinOf = (text: string) => (readMessage(text).words.match(/[A-Za-z]+/g) ?? []).filter((word) => !SAME_WORDS.has(word));

const en = catalogueOf("en");
const ko = catalogueOf("ko");

// What the screens never say: words of the machinery.
const MACHINERY = /\b(epochs?|seq|spool(ed|s)?|generations?|enrol\w*)\b/i;

describe("the catalogues", () => {
  it("have texts in both languages", () => {
    expect(en.size).toBeGreaterThan(100);
  });

  it("have the same keys", () => {
    expect([...ko.keys()].filter((key) => !en.has(key)), "in Korean alone").toEqual([]);
    expect([...en.keys()].filter((key) => !ko.has(key)), "in English alone").toEqual([]);
  });

  it("have no empty text", () => {
    for (const [locale, catalogue] of [["en", en], ["ko", ko]] as const) {
      expect([...catalogue].filter(([, text]) => text.trim() === "").map(([key]) => `${locale} ${key}`)).toEqual([]);
    }
  });

  it("expect the same arguments in both languages, and all parse", () => {
    const different = [...en].filter(([key, text]) => String(readMessage(text).names) !== String(readMessage(ko.get(key) ?? "").names));
    expect(different.map(([key]) => key)).toEqual([]);
  });

  it("are translated: a Korean text has Korean in it, or no words at all", () => {
    const untranslated = [...ko].filter(([key, text]) => !/[가-힣]/.test(text) && !SAME_IN_KOREAN.has(key) && latinOf(text).length > 0);
    expect(untranslated).toEqual([]);
  });

  it("put no particle right after an argument, where it would fit only half of the names", () => {
    const particles = /\{\s*\w+\s*(?:,\s*\w+\s*)?\}(은|는|이|가|을|를|와|과|으로|로)(?=[\s.,?!]|$)/;
    expect([...ko].filter(([, text]) => particles.test(text))).toEqual([]);
  });

  it("never speak of the machinery", () => {
    for (const [locale, catalogue] of [["en", en], ["ko", ko]] as const) {
      expect([...catalogue].filter(([, text]) => MACHINERY.test(text)).map(([key, text]) => `${locale} ${key}: ${text}`)).toEqual([]);
    }
  });
});

interface Uses {
  /** Full keys of literal calls, with the file. */
  literal: Map<string, string>;
  /** Full keys with parts that are known only at run time. */
  patterns: RegExp[];
  /** Every quoted string and every template's pattern in the sources; a table of keys names them so. */
  strings: Set<string>;
}

const escape = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** How the sources use texts: read from the text of the files, by the nearest `useTranslations` above a call. */
function usesOf(files: readonly string[]): Uses {
  const uses: Uses = { literal: new Map(), patterns: [], strings: new Set() };
  for (const file of files) {
    const text = textOf(file);
    const translators = [...text.matchAll(/const (\w+) = (?:await )?(?:useTranslations|getTranslations|createTranslator)\((?:\{[^}]*namespace: )?(?:"([\w.]*)")?/g)].map((match) => ({ at: match.index, name: match[1]!, namespace: match[2] ?? "" }));
    for (const name of new Set(translators.map((translator) => translator.name))) {
      for (const call of text.matchAll(new RegExp(`(?<![\\w.])${name}(?:\\.(?:rich|markup|raw|has))?\\(\\s*(?:"([\\w.-]+)"|\`([^\`]+)\`|[\\w.]+)`, "g"))) {
        const nearest = translators.filter((translator) => translator.name === name && translator.at < call.index).at(-1);
        if (!nearest) continue;
        const prefix = nearest.namespace === "" ? "" : `${nearest.namespace}.`;
        if (call[1] !== undefined) uses.literal.set(`${prefix}${call[1]}`, file);
        // Named by a value: any text right below the namespace.
        else uses.patterns.push(new RegExp(`^${escape(prefix)}${(call[2] ?? "${value}").split(/\$\{[^}]*\}/).map(escape).join("[\\w-]+")}$`));
      }
    }
    for (const string of text.matchAll(/"([\w.-]+)"/g)) uses.strings.add(string[1]!);
    for (const template of text.matchAll(/`([\w.-]+\.)\$\{[^}]*\}`/g)) uses.patterns.push(new RegExp(`^(?:[\\w-]+\\.)*${escape(template[1]!)}[\\w-]+$`));
  }
  return uses;
}

const isFull = (key: string) => en.has(key);

describe("the texts in the pages", () => {
  const uses = usesOf(filesIn(["app"], /(?<!\.test)\.tsx?$/));

  it("are found in the sources", () => {
    expect(uses.literal.size).toBeGreaterThan(50);
  });

  it("exist: every key that a page names is in the catalogues", () => {
    const missing = [...uses.literal].filter(([key]) => !isFull(key) && ![...en.keys()].some((other) => other.startsWith(`${key}.`)));
    expect(missing).toEqual([]);
  });

  it("are all used: a text that no page names is gone", () => {
    const unused = [...en.keys()].filter((key) => {
      if (uses.literal.has(key) || uses.patterns.some((pattern) => pattern.test(key))) return false;
      const parts = key.split(".");
      // A table may name the key, any tail of it, or only the last part below a namespace that a page is given.
      return !parts.some((_, index) => index > 0 && uses.strings.has(parts.slice(index).join("."))) && !uses.strings.has(key);
    });
    expect(unused).toEqual([]);
  });
});
