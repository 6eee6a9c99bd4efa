import { describe, expect, it } from "vitest";
import { parseConfig } from "./config";

const wrong = (env: Record<string, string>) => {
  try {
    parseConfig(env);
    return "";
  } catch (error) {
    return (error as Error).message;
  }
};

describe("the configuration", () => {
  it("needs nothing", () => {
    expect(parseConfig({})).toMatchObject({ port: 3000, host: "0.0.0.0", admin: null, publicUrl: null, logLevel: "info", dev: false });
    expect(parseConfig({ PORT: "", BINNACLE_PUBLIC_URL: " " })).toMatchObject({ port: 3000, publicUrl: null });
  });
  it.each(["abc", "-1", "65536", "3000.5", "0x10"])("refuses the port %s by name", (port) => expect(wrong({ PORT: port })).toMatch(/^PORT is/));
  it.each(["ftp://x", "http://x/path", "http://user:pw@x", "x", "http://"])("refuses the address %s", (url) => expect(wrong({ BINNACLE_PUBLIC_URL: url })).toMatch(/^BINNACLE_PUBLIC_URL/));
  it("takes an address with a slash at its end as what it means", () => {
    expect(parseConfig({ BINNACLE_PUBLIC_URL: "https://Hub.Example:443/" }).publicUrl).toBe("https://hub.example");
  });
  it("wants a first administrator whole, with a password worth the name, and never repeats it", () => {
    expect(wrong({ BINNACLE_ADMIN_EMAIL: "a@b.c" })).toMatch(/belong together/);
    expect(wrong({ BINNACLE_ADMIN_EMAIL: "a@b.c", BINNACLE_ADMIN_PASSWORD: "hunter2" })).toMatch(/at least 10 characters/);
    expect(wrong({ BINNACLE_ADMIN_EMAIL: "a@b.c", BINNACLE_ADMIN_PASSWORD: "hunter2" })).not.toContain("hunter2");
    expect(parseConfig({ BINNACLE_ADMIN_EMAIL: " A@B.c ", BINNACLE_ADMIN_PASSWORD: " spaces count " }).admin).toEqual({ email: "a@b.c", password: " spaces count " });
  });
  it("names everything that is wrong at once", () => {
    expect(wrong({ PORT: "x", BINNACLE_LOG_LEVEL: "loud", BINNACLE_PUBLIC_URL: "x" }).split("\n")).toHaveLength(3);
  });
});
