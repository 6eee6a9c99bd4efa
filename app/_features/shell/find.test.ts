import { describe, expect, it } from "vitest";
import type { Finding } from "./find";
import { find, readAction, SHOWN_FINDINGS } from "./find";

const thing = (label: string, aside = "", kind: Finding["kind"] = "container"): Finding => ({ id: `${label} ${aside}`, label, aside, kind, path: "/" });
const labels = (findings: Finding[]) => findings.map((finding) => finding.label);

describe("finding", () => {
  it("puts what begins with the word before what merely holds it", () => {
    expect(labels(find([thing("my-api"), thing("rapid"), thing("api"), thing("x", "api-host")], "api"))).toEqual(["api", "my-api", "rapid", "x"]);
  });
  it("leaves all in their order before anything is typed", () => {
    expect(labels(find([thing("settings"), thing("now"), thing("a")], " "))).toEqual(["settings", "now", "a"]);
  });
  it("wants every word, in the name or beside it", () => {
    expect(labels(find([thing("web", "h1"), thing("web", "h2"), thing("db", "h2")], "WEB h2"))).toEqual(["web"]);
    expect(find([thing("web", "h1")], "web h9")).toEqual([]);
  });
  it("finds Korean words", () => {
    expect(labels(find([thing("컨테이너", "", "place"), thing("호스트", "", "place")], "컨테"))).toEqual(["컨테이너"]);
  });
  it("takes a word that begins an action's name for the action, wherever it stands", () => {
    const names = new Map([["start", "Start"], ["restart", "Restart"], ["unpause", "일시 정지 해제"]] as const);
    expect(readAction("rest check api", names)).toEqual({ action: "restart", rest: "check api" });
    expect(readAction("api start", names)).toEqual({ action: "start", rest: "api" });
    expect(readAction("restart", names), "an action alone names no container").toBeNull();
    expect(readAction("r api", names), "one letter is no intent").toBeNull();
    expect(readAction("web api", names)).toBeNull();
  });
  it("never shows more than a person reads", () => {
    expect(find(Array.from({ length: 10_000 }, (_, index) => thing(`c${index}`)), "c")).toHaveLength(SHOWN_FINDINGS);
  });
});
