import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync, chmodSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encode } from "@auth/core/jwt";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadSecrets } from "./secrets";
import { cookieNameFor, sessionIdFrom } from "./session";

describe("the hub's secrets", () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "binnacle-secrets-"));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));
  const file = () => join(directory, "secrets.json");

  it("are made once, random, for their own user alone", () => {
    const first = loadSecrets(directory);
    expect(statSync(file()).mode & 0o777).toBe(0o600);
    expect(loadSecrets(directory)).toEqual(first);
    rmSync(file());
    expect(loadSecrets(directory)).not.toEqual(first);
  });
  it("are closed to others again when somebody opened them", () => {
    loadSecrets(directory);
    chmodSync(file(), 0o644);
    loadSecrets(directory);
    expect(statSync(file()).mode & 0o777).toBe(0o600);
  });
  it.each(["", "{}", '{"session":"short"}', "[]"])("that are damaged (%s) are refused, not replaced", (text) => {
    writeFileSync(file(), text);
    expect(() => loadSecrets(directory)).toThrow(/secrets\.json/);
    expect(readFileSync(file(), "utf8")).toBe(text);
  });
});

describe("the session cookie", () => {
  const secret = "s".repeat(43);
  const sealed = (salt: string, key = secret) => encode({ token: { sid: "sess_1" }, secret: key, salt });

  it("is read under its own name and secret alone", async () => {
    const [plain, secure] = [cookieNameFor(false), cookieNameFor(true)];
    expect(secure).toBe("__Host-binnacle.session");
    const read = (cookie: string, isSecure: boolean) => sessionIdFrom(cookie, { secret, cookieName: cookieNameFor(isSecure), secure: isSecure });
    expect(await read(`a=b; ${plain}=${await sealed(plain)}; c=d`, false)).toBe("sess_1");
    expect(await read(`${secure}=${await sealed(secure)}`, true)).toBe("sess_1");
    // A cookie that a page without https could plant counts nothing where https is the rule.
    expect(await read(`${plain}=${await sealed(plain)}`, true)).toBeNull();
    expect(await read(`${plain}=${await sealed(plain, "x".repeat(43))}`, false)).toBeNull();
    expect(await read(`${plain}=`, false)).toBeNull();
    expect(await read("", false)).toBeNull();
  });
});
