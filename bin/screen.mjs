// What `npm start` shows: a few lines for a person, with the hub's log beside them.

export const say = (text) => console.log(text);

const RULE = "─".repeat(64);
const block = (lines) => say(["", RULE, ...lines.map((line) => (line ? `  ${line}` : "")), RULE, ""].join("\n"));

const FIRST = ["Open this link to make the first administrator (it works once):", ""];

/** The address, once the pages, the database and the agents' gateway work, and the set-up link if there is one. */
export function sayReady(url, setUpLink) {
  block(["Binnacle is ready", "", url, ...(setUpLink ? ["", ...FIRST, setUpLink] : [])]);
}

/** A set-up link that came after the address. Its secret stands behind the #, so no server logs it. */
export function saySetUp(link) {
  block([...FIRST, link]);
}

/** Before the pages have answered: the hub listens but something is slow. */
export function saySlow(url) {
  say(`\nThe hub listens on ${url} but is not ready yet; its log above may say why.`);
}

const LEVELS = { 10: "trace", 20: "debug", 30: "info", 40: "warn", 50: "error", 60: "fatal" };
const LONGEST_LINE = 64 * 1024;
// Which process logged it is of no interest to a person who watches the console.
const QUIET_FIELDS = new Set(["level", "time", "pid", "hostname", "msg"]);

/** One JSON log line as a person reads it; a line that is not one stays as it is. */
export function readable(line) {
  let entry;
  try {
    entry = JSON.parse(line);
  } catch {
    return line;
  }
  if (entry === null || typeof entry !== "object" || !(entry.level in LEVELS)) return line;
  const at = new Date(entry.time).toTimeString().slice(0, 8);
  const rest = Object.entries(entry).filter(([name]) => !QUIET_FIELDS.has(name));
  const fields = rest.map(([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`);
  return [at, LEVELS[entry.level].padEnd(5), entry.msg ?? "", ...fields].join(" ");
}

/** Shows a program's log lines on a terminal. (Where standard output is a file, they go there untouched.) */
export function showLog(stream) {
  let rest = "";
  stream.setEncoding("utf8");
  stream.on("data", (chunk) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop().slice(-LONGEST_LINE);
    for (const line of lines) say(readable(line));
  });
  stream.on("end", () => rest && say(readable(rest)));
}
