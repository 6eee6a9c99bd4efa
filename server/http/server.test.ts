import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestHub, type TestHub } from "./testing";

describe("the HTTP server", () => {
  let hub: TestHub;
  let cookie: string;
  beforeAll(async () => {
    hub = await startTestHub({ publicUrl: "https://hub.example" });
    ({ cookie } = await hub.client.signIn());
  });
  afterAll(() => hub.close());

  it("says which run it is, and when it is ready", async () => {
    expect(JSON.parse((await hub.client.send("GET", "/healthz")).text)).toEqual({ ok: true, instance: "test-instance" });
    expect((await hub.client.send("GET", "/readyz")).status).toBe(200);
  });

  it.each([
    ["missing", {}, 403],
    ["null", { origin: "null" }, 403],
    ["another port", { origin: "https://hub.example:444" }, 403],
    ["another scheme", { origin: "http://hub.example" }, 403],
    ["another host", { origin: "https://evil.example" }, 403],
    ["a host that only begins like ours", { origin: "https://hub.example.evil.example" }, 403],
    ["the caller's own Host header, once an address was chosen", { origin: "http://rebound.example", host: "rebound.example" }, 403],
    ["ours", { origin: "https://hub.example" }, 200],
  ])("answers a change whose Origin is %s with %s", async (_, headers, status) => {
    const answer = await hub.client.send("POST", "/trpc/session.ticket", { "content-type": "application/json", cookie, ...headers }, "{}");
    expect(answer.status).toBe(status);
    // The pages' own forms are held to the same rule.
    expect((await hub.client.send("POST", "/api/auth/callback/credentials", headers, "x=1")).status).toBe(status);
  });

  it("takes the loopback address of its own port from this machine, and not through a proxy", async () => {
    const own = { origin: `http://localhost:${hub.port}`, cookie };
    expect((await hub.client.call("session.ticket", {}, own)).status).toBe(200);
    expect((await hub.client.call("session.ticket", {}, { ...own, origin: `http://localhost:${hub.port + 1}` })).status).toBe(403);
    expect((await hub.client.call("session.ticket", {}, { ...own, "x-forwarded-for": "203.0.113.9" })).status).toBe(403);
  });

  it("changes nothing by GET, by form, or by a body that is no JSON", async () => {
    expect((await hub.client.query("session.ticket", { cookie })).status).toBe(405);
    for (const type of ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x", "application/jsonp"]) {
      expect((await hub.client.send("POST", "/trpc/session.ticket", { cookie, origin: "https://hub.example", "content-type": type }, "{}")).status).toBe(400);
    }
    for (const method of ["PUT", "DELETE", "PATCH", "OPTIONS"]) expect((await hub.client.send(method, "/trpc/session.ticket", { cookie, origin: "https://hub.example" })).status).toBe(400);
  });

  it("refuses a body over the limit, one of unknown length, and a batch without end", async () => {
    const json = { "content-type": "application/json", origin: "https://hub.example" };
    expect((await hub.client.send("POST", "/trpc/setup.check", json, `"${"x".repeat(1 << 20)}"`)).status).toBe(413);
    expect((await hub.client.send("POST", "/trpc/setup.check", { ...json, "transfer-encoding": "chunked" })).status).toBe(400);
    expect((await hub.client.query(`${Array(21).fill("setup.status").join(",")}?batch=1`)).status).toBe(400);
    expect((await hub.client.query(`${Array(20).fill("setup.status").join(",")}?batch=1`)).status).toBe(200);
  });

  it("refuses headers without end, and stays up", async () => {
    expect((await hub.client.send("GET", "/", { "x-long": "x".repeat(20_000) })).status).toBe(431);
    const socket = connect(hub.port, "127.0.0.1", () => socket.write("\u0000\u0001 nonsense\r\n\r\n"));
    await new Promise((resolve) => socket.once("close", resolve).resume());
    expect((await hub.client.send("GET", "/healthz")).status).toBe(200);
  });

  it("tells the pages what it knows itself, whatever the caller claims", async () => {
    const answer = await hub.client.send("GET", "/some/page?x=1", { "x-binnacle-address": "6.6.6.6", "x-binnacle-origin": "https://evil.example", "x-middleware-subrequest": "middleware", "x-forwarded-host": "evil.example" });
    expect(answer.text).not.toMatch(/evil|6\.6\.6\.6|subrequest/);
    expect(answer.text).toContain('"x-binnacle-address":"127.0.0.1"');
    expect(answer.text).toContain('"x-binnacle-path":"/some/page?x=1"');
  });

  it("gives every page a policy with a nonce of its own, and lets nobody frame it", async () => {
    const [one, two] = [await hub.client.send("GET", "/"), await hub.client.send("GET", "/")];
    const nonce = /script-src 'self' 'nonce-([^']+)'/.exec(String(one.headers["content-security-policy"]))?.[1];
    expect(nonce).toBeTruthy();
    expect(one.headers["content-security-policy"]).toContain("frame-ancestors 'none'");
    expect(two.headers["content-security-policy"]).not.toContain(nonce);
    expect(one.headers["x-content-type-options"]).toBe("nosniff");
    expect(one.text).toContain(`nonce-${nonce}`);
  });

  it("says internal, an id and nothing of the inside for what it did not expect", async () => {
    const answer = await hub.client.query("broken");
    expect(answer.status).toBe(500);
    expect(answer.text).not.toMatch(/secret|stack|\.ts/);
    const { error } = JSON.parse(answer.text) as { error: { data: { appCode: string; id: string }; message: string } };
    expect(error.data.appCode).toBe("internal");
    expect(error.message).toContain(error.data.id);
  });

  it("says which field of the input is wrong, in a sentence", async () => {
    const answer = await hub.client.call("settings.setPublicUrl", { url: "ftp://x" }, { cookie, origin: "https://hub.example" });
    const { error } = JSON.parse(answer.text) as { error: { message: string; data: { appCode: string } } };
    expect(error.data.appCode).toBe("bad_input");
    expect(error.message).toBe("url: Give the address as http://name:port or https://name, with nothing after it.");
  });

  it("answers deep JSON and __proto__ keys with a typed error", async () => {
    for (const body of [`${"[".repeat(100_000)}${"]".repeat(100_000)}`, '{"__proto__":{"secret":1},"secret":"x"}', "{", '{"secret":1e400}']) {
      const answer = await hub.client.send("POST", "/trpc/setup.check", { "content-type": "application/json", origin: "https://hub.example" }, body);
      expect([200, 400, 429]).toContain(answer.status);
    }
    expect(({} as { secret?: unknown }).secret).toBeUndefined();
  });
});

describe("a hub whose address nobody chose yet", () => {
  it("answers pages that come from where they call, and no others", async () => {
    const hub = await startTestHub();
    try {
      const check = (headers: Record<string, string>) => hub.client.call("setup.check", { secret: "x" }, headers);
      expect((await check({})).status).toBe(200);
      expect((await check({ origin: "http://hub.lan:3000", host: "hub.lan:3000" })).status).toBe(200);
      expect((await check({ origin: "http://evil.example", host: "hub.lan:3000" })).status).toBe(403);
      expect((await check({ origin: "null" })).status).toBe(403);
    } finally {
      await hub.close();
    }
  });
});
