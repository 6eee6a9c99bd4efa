import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { createTestDatabase } from "@/server/db/testing";
import { silentLogger } from "@/server/lib/logger";
import { createAddressTest } from "./address-test";
import { createSettingsRepo } from "./repo";
import { createSettingsService } from "./service";

const actor = { id: "user_1", name: "Ana", role: "administrator" } as const;

describe("the address test", () => {
  const servers: Server[] = [];
  afterEach(async () => {
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  });
  const serve = async (listener: RequestListener) => {
    const server = createServer(listener);
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  const test = createAddressTest("me");

  it("knows its own hub, and warns where only this machine can use the address", async () => {
    expect(await test(await serve((_, response) => response.end('{"ok":true,"instance":"me"}')))).toEqual({ ok: true, warning: "loopback" });
  });
  it("is not taken in by another hub, a page, a redirect or an answer without end", async () => {
    const mine = await serve((_, response) => response.end('{"ok":true,"instance":"me"}'));
    const others: RequestListener[] = [
      (_, response) => response.end('{"ok":true,"instance":"other"}'),
      (_, response) => response.end("<html>me</html>"),
      (_, response) => response.writeHead(302, { location: `${mine}/healthz` }).end(),
      (_, response) => response.writeHead(500).end('{"ok":true,"instance":"me"}'),
      (_, response) => void response.write("x".repeat(100_000)),
    ];
    for (const listener of others) expect(await test(await serve(listener))).toMatchObject({ ok: false, reason: "not_this_hub" });
  });
  it("passes on nothing of what stands there", async () => {
    const answer = await test(await serve((_, response) => response.end("internal secret")));
    expect(JSON.stringify(answer)).not.toContain("secret");
  });
  it("says why nothing answers", async () => {
    const url = await serve(() => undefined);
    servers.splice(0).forEach((server) => server.close());
    expect(await test(url)).toMatchObject({ ok: false, reason: "no_answer", detail: "Nothing listens at this address and port." });
    expect(await test("http://no-such-name.invalid")).toMatchObject({ ok: false, reason: "no_answer" });
  });
  it("waits five seconds and no longer", async () => {
    const began = performance.now();
    expect(await test(await serve(() => undefined))).toMatchObject({ ok: false, reason: "no_answer", detail: "Nothing answered within 5 seconds." });
    expect(performance.now() - began).toBeLessThan(7_000);
  }, 10_000);
});

describe("the public address", () => {
  it("is the environment's, else the setting, else a guess; it survives a restart", async () => {
    const database = await createTestDatabase();
    try {
      const build = (fixedPublicUrl: string | null) =>
        createSettingsService({ repo: createSettingsRepo(database.db), fixedPublicUrl, guessPublicUrl: () => "http://guess:3000", testAddress: () => Promise.resolve({ ok: true }), version: "1", pin: "p", log: silentLogger });
      const settings = await build(null);
      expect([settings.publicUrl(), settings.isPublicUrlChosen()]).toEqual(["http://guess:3000", false]);
      await settings.setPublicUrl(actor, "https://Hub.Example/");
      expect([settings.publicUrl(), settings.isPublicUrlChosen()]).toEqual(["https://hub.example", true]);
      expect((await build(null)).publicUrl()).toBe("https://hub.example");
      const fixed = await build("http://fixed:1");
      expect(fixed.view()).toEqual({ publicUrl: "http://fixed:1", publicUrlFixed: true, version: "1", pin: "p" });
      await expect(fixed.setPublicUrl(actor, "http://other")).rejects.toMatchObject({ code: "conflict" });
    } finally {
      await database.drop();
    }
  });
});
