import { describe, expect, it } from "vitest";
import { isAtLeast, levelOf } from "./log-level";
import type { LogLevel } from "./logs";

const told: [string, LogLevel][] = [
  ["level=warn msg=\"disk is nearly full\"", "warn"],
  ["time=\"2026-11-28T10:00:00Z\" level=error msg=\"boom\"", "error"],
  ["ts=1 lvl=info msg=started", "info"],
  ["t=2026-11-28 lvl=eror msg=x", "error"],
  ['{"level":"error","msg":"no"}', "error"],
  ['{"time":"2026-11-28T10:00:00Z","level":"WARN","msg":"x"}', "warn"],
  ['{"ts":1.5,"log.level":"debug","message":"x"}', "debug"],
  ['{"severity":"CRITICAL","message":"x"}', "fatal"],
  ['{"severity": "NOTICE", "textPayload": "x"}', "info"],
  ['{"levelname": "WARNING", "name": "root"}', "warn"],
  ['{"level":30,"time":1531171074631,"msg":"hello","pid":657}', "info"],
  ['{"level":50,"time":1,"msg":"x"}', "error"],
  ['{"level":60,"msg":"x"}', "fatal"],
  ['{"level":10,"msg":"x"}', "trace"],
  ['{"level":3,"short_message":"gelf"}', "error"],
  ['{"log":"{\\"level\\":\\"error\\"}"}', "error"],
  ["[ERROR] cannot connect", "error"],
  ["[error] 31#31: *1 open() failed", "error"],
  ["2026/11/28 10:00:00 [warn] 7#7: conflicting server name", "warn"],
  ["2026/11/28 10:00:00 [notice] 1#1: start worker processes", "info"],
  ["[2026-11-28 10:00:00,123] [INFO ] [o.e.n.Node] started", "info"],
  ["[2026-11-28 10:00:00 +0000] [7] [INFO] Booting worker", "info"],
  ["[Sat Nov 28 10:00:00.1 2026] [core:error] [pid 7] x [error] y", "error"],
  ["WARN: something", "warn"],
  ["WARNING: this is a development server", "warn"],
  ["Error: connect ECONNREFUSED 127.0.0.1:5432", "error"],
  ["fatal: not a git repository", "fatal"],
  ["FATAL:  password authentication failed", "fatal"],
  ["2026-11-28 10:00:00.000 UTC [1] LOG:  database system is ready", "info"],
  ["2026-11-28 10:00:00.000 UTC [55] ERROR:  relation \"x\" does not exist", "error"],
  ["2026-11-28 10:00:00.000 UTC [55] FATAL:  role does not exist", "fatal"],
  ["2026-11-28 10:00:00 INFO  main - Started in 3 s", "info"],
  ["2026-11-28T10:00:00.000Z  WARN 1 --- [main] o.s.b.Application : x", "warn"],
  ["10:00:00.000 [main] DEBUG com.example.App - x", "debug"],
  ["10:00AM INF starting version=1", "info"],
  ["2026-11-28T10:00:00Z ERR failed error=\"x\"", "error"],
  ["INFO:     127.0.0.1:5000 - \"GET / HTTP/1.1\" 200 OK", "info"],
  ["ERROR:root:boom", "error"],
  ["CRITICAL:django:boom", "fatal"],
  ["E0102 15:04:05.000000       1 controller.go:114] failed", "error"],
  ["W1128 10:00:00.000000 7 reflector.go:1] watch ended", "warn"],
  ["I1128 10:00:00.000000 7 main.go:1] up", "info"],
  ["F1128 10:00:00.000000 7 main.go:1] down", "fatal"],
  ["W/ActivityManager( 123): slow", "warn"],
  ["<3>kernel: oops", "error"],
  ["<14>Nov 28 10:00:00 host app: hi", "info"],
  ["\u001b[32mINFO\u001b[0m ready", "info"],
  ["\u001b[31;1m[ERROR]\u001b[0m nope", "error"],
  ["2026-11-28 10:00:00 error listening on port 80", "error"],
  ["npm ERR! code 1", "error"],
  ["INFO[0000] starting", "info"],
  ["FATA[0012] cannot start", "fatal"],
  ["panic: runtime error: index out of range", "fatal"],
  ["TRACE enter", "trace"],
  ["app | ERROR | it broke", "error"],
];
const silent = [
  "", " ", "listening on 0.0.0.0:80", "there was no error at all", "an error is what this line is about", "no warnings were found",
  "0000000001 xxxxxxxxxxxxxxxxxxxxxxxx", "GET /error HTTP/1.1 200", "information wants to be free", "the fine print",
  "127.0.0.1 - - [28/Nov/2026:10:00:00 +0000] \"GET / HTTP/1.1\" 200 612", "please log in", "user level up", "a note on things",
  "errors=0 warnings=0", "sealevel=3 meters", "terror: a film", "<999>not syslog", '{"msg":"nothing","user":"level"}', "E is a letter", "W 1",
  "하드 디스크 오류가 아닙니다", "Fine weather today",
];

describe("the level of a line", () => {
  it.each(told)("%s", (text, level) => {
    expect(levelOf(text)).toBe(level);
  });
  it.each(silent.map((text) => [text]))("is not made up for: %s", (text) => {
    expect(levelOf(text)).toBeNull();
  });
  it("is not looked for beyond the head, and costs little on what a container may write", () => {
    const long = ["[", " ", "error ", "level", "\"", "\u001b[", "a|", "<1"].map((part) => part.repeat(Math.ceil(262_144 / part.length)));
    const from = performance.now();
    for (const text of long) for (let i = 0; i < 100; i++) levelOf(text);
    expect(performance.now() - from).toBeLessThan(5_000);
    expect(levelOf(`${"x".repeat(1_000)} level=error`)).toBeNull();
  });
  it("is compared from trace to fatal, and none is below all", () => {
    expect(isAtLeast("error", "warn")).toBe(true);
    expect(isAtLeast("warn", "warn")).toBe(true);
    expect(isAtLeast("info", "warn")).toBe(false);
    expect(isAtLeast(null, "trace")).toBe(false);
  });
});
