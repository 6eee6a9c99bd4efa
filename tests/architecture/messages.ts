/** Reads a message of the catalogues: the arguments it expects, and what a translator has written around them. */

const BRANCHED = new Set(["plural", "select", "selectordinal"]);

export interface Message {
  /** Sorted names, e.g. `count` and `host` of "{count, plural, one {# on {host}} other {…}}". */
  names: string[];
  /** The text of all branches, without arguments and syntax. */
  words: string;
}

/** Parses an ICU message. Throws with the place where it does not parse. */
export function readMessage(message: string): Message {
  const names = new Set<string>();
  let words = "";
  let at = 0;
  const fail = (what: string): never => {
    throw new Error(`${what} at character ${at} of: ${message}`);
  };
  const blank = () => {
    while (/\s/.test(message[at] ?? "")) at++;
  };
  const word = () => {
    blank();
    const from = at;
    while (at < message.length && !/[\s,{}]/.test(message[at]!)) at++;
    const text = message.slice(from, at);
    blank();
    return text === "" ? fail("a name is missing") : text;
  };
  const skipQuoted = () => {
    if (message[at + 1] === "'") return void (at += 2);
    if (!/[{}<>#|]/.test(message[at + 1] ?? "")) return void at++;
    const end = message.indexOf("'", at + 1);
    at = end < 0 ? message.length : end + 1;
  };
  const argument = () => {
    at++; // {
    names.add(word());
    if (message[at] === ",") {
      at++;
      if (BRANCHED.has(word())) branches();
      else while (at < message.length && message[at] !== "}") at++;
    }
    if (message[at] !== "}") fail("} is missing");
    at++;
  };
  const branches = () => {
    if (message[at] !== ",") fail("the branches are missing");
    at++;
    for (blank(); at < message.length && message[at] !== "}"; blank()) {
      word();
      if (message[at] !== "{") fail("{ is missing");
      at++;
      text(true);
      words += " ";
      at++;
    }
  };
  const text = (nested: boolean) => {
    while (at < message.length) {
      if (message[at] === "'") skipQuoted();
      else if (message[at] === "{") argument();
      else if (message[at] === "}") return nested ? undefined : fail("} without {");
      else words += message[at++];
    }
    if (nested) fail("} is missing");
  };
  text(false);
  return { names: [...names].sort(), words };
}
