import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "@/server/db/testing";
import { createSettingsRepo } from "@/server/domains/settings/repo";
import { createSettingsService, type SettingsService } from "@/server/domains/settings/service";
import { createTestClock } from "@/server/lib/clock";
import { silentLogger } from "@/server/lib/logger";
import { createSocketRegistry } from "@/server/live/sockets";
import { createPasswords, PASSWORD_QUEUE, PASSWORD_SLOTS } from "./passwords";
import { createAccountsRepo } from "./repo";
import { createAccountsService, SESSION_MS, SETUP_LINK_MS, type AccountsService } from "./service";
import { TICKET_MS } from "./tickets";

const from = (address: string) => ({ address, userAgent: "test" });
const claimOf = (secret: string, email = "ana@example.org") => ({ secret, email, name: "Ana", password: "correct horse battery", publicUrl: "http://hub.example:3000" });

describe("accounts", () => {
  let database: TestDatabase;
  let clock: ReturnType<typeof createTestClock>;
  let settings: SettingsService;
  let accounts: AccountsService;
  const build = async () => {
    settings = await createSettingsService({ repo: createSettingsRepo(database.db), fixedPublicUrl: null, guessPublicUrl: () => "http://guess:3000", testAddress: () => Promise.resolve({ ok: true }), version: "0", pin: "p", log: silentLogger });
    accounts = createAccountsService({ repo: createAccountsRepo(database.db), passwords: createPasswords(), settings, sockets: createSocketRegistry(clock), clock, log: silentLogger });
  };
  beforeEach(async () => {
    database = await createTestDatabase();
    clock = createTestClock();
    await build();
  });
  afterEach(() => database.drop());

  const administrator = async () => {
    await accounts.seedAdministrator({ email: "ana@example.org", password: "correct horse battery" });
    const answer = await accounts.signIn("ana@example.org", "correct horse battery", from("192.0.2.1"));
    if (!answer.ok) throw new Error(answer.why);
    const session = await accounts.findSession(answer.sessionId);
    if (!session) throw new Error("no session");
    return session;
  };

  describe("set-up", () => {
    it("makes one administrator of two claims that race", async () => {
      const secret = (await accounts.makeSetupLink()) ?? "";
      const results = await Promise.allSettled([accounts.claim(claimOf(secret, "ana@example.org"), "192.0.2.1"), accounts.claim(claimOf(secret, "ben@example.org"), "192.0.2.2")]);
      expect(results.map((result) => result.status).sort()).toEqual(["fulfilled", "rejected"]);
      expect(await database.db.user.count()).toBe(1);
      expect(settings.publicUrl()).toBe("http://hub.example:3000");
      expect(await accounts.isSetupNeeded()).toBe(false);
    });
    it("lets nobody in by a used, replaced, expired or made-up link", async () => {
      const old = (await accounts.makeSetupLink()) ?? "";
      const secret = (await accounts.makeSetupLink()) ?? "";
      await expect(accounts.claim(claimOf(old), "192.0.2.1")).rejects.toMatchObject({ code: "not_found" });
      await expect(accounts.claim(claimOf("made-up"), "192.0.2.1")).rejects.toMatchObject({ code: "not_found" });
      clock.advance(SETUP_LINK_MS + 1);
      await expect(accounts.claim(claimOf(secret), "192.0.2.1")).rejects.toMatchObject({ code: "not_found" });
      const fresh = (await accounts.makeSetupLink()) ?? "";
      await accounts.claim(claimOf(fresh), "192.0.2.1");
      await expect(accounts.claim(claimOf(fresh), "192.0.2.1")).rejects.toMatchObject({ code: "not_found" });
      expect(await accounts.makeSetupLink()).toBeNull();
    });
    it("keeps nothing of a claim that fails half way", async () => {
      const secret = (await accounts.makeSetupLink()) ?? "";
      await database.db.$executeRawUnsafe(`CREATE TRIGGER full BEFORE INSERT ON "Setting" BEGIN SELECT RAISE(ABORT, 'disk full'); END`);
      await expect(accounts.claim(claimOf(secret), "192.0.2.1")).rejects.toThrow();
      expect(await database.db.user.count()).toBe(0);
      expect(await accounts.checkSetupLink(secret, "192.0.2.1")).toBe(true);
    });
    it("keeps the secret only as a hash, and limits guesses", async () => {
      const secret = (await accounts.makeSetupLink()) ?? "";
      expect(JSON.stringify(await database.db.oneTimeLink.findMany())).not.toContain(secret);
      for (let i = 0; i < 20; i += 1) expect(await accounts.checkSetupLink(`guess ${i}`, "192.0.2.1")).toBe(false);
      await expect(accounts.checkSetupLink(secret, "192.0.2.1")).rejects.toMatchObject({ code: "rate_limited" });
      expect(await accounts.checkSetupLink(secret, "192.0.2.2")).toBe(true);
    });
    it("tests an address only for whoever holds the link", async () => {
      const secret = (await accounts.makeSetupLink()) ?? "";
      await expect(accounts.testSetupAddress({ secret: "x", url: "http://a" }, "192.0.2.1")).rejects.toMatchObject({ code: "not_found" });
      expect(await accounts.testSetupAddress({ secret, url: "http://a" }, "192.0.2.1")).toEqual({ ok: true });
    });
    it("makes the administrator of the environment once, and never beside another", async () => {
      await accounts.seedAdministrator({ email: "ana@example.org", password: "correct horse battery" });
      await accounts.seedAdministrator({ email: "mallory@example.org", password: "correct horse battery" });
      expect((await accounts.listUsers()).map((user) => [user.email, user.role])).toEqual([["ana@example.org", "administrator"]]);
    });
  });

  describe("sign-in", () => {
    it("answers a wrong password and an unknown name alike, in about the same time", async () => {
      await administrator();
      const time = async (email: string) => {
        const began = performance.now();
        expect(await accounts.signIn(email, "wrong password", from("192.0.2.9"))).toEqual({ ok: false, why: "wrong" });
        return performance.now() - began;
      };
      await time("nobody@example.org"); // the dummy hash is made at the first need
      const [known, unknown] = [await time("ana@example.org"), await time("nobody@example.org")];
      expect(unknown).toBeGreaterThan(known / 4);
      expect(known).toBeGreaterThan(unknown / 4);
    });
    it("limits guesses from one address without shutting out others, and lifts it with time", async () => {
      await administrator();
      const guess = (address: string) => accounts.signIn("ana@example.org", "wrong", from(address));
      for (let i = 0; i < 10; i += 1) await guess("198.51.100.1");
      expect(await accounts.signIn("ana@example.org", "correct horse battery", from("198.51.100.1"))).toEqual({ ok: false, why: "rate_limited" });
      expect(await accounts.signIn("ana@example.org", "correct horse battery", from("198.51.100.2"))).toMatchObject({ ok: true });
      clock.advance(5 * 60_000 + 1);
      expect(await guess("198.51.100.1")).toEqual({ ok: false, why: "wrong" });
    });
    it("counts guesses that run side by side", async () => {
      await administrator();
      const answers = await Promise.all(Array.from({ length: 30 }, () => accounts.signIn("ana@example.org", "wrong", from("198.51.100.1"))));
      expect(answers.filter((answer) => !answer.ok && answer.why === "wrong")).toHaveLength(10);
    });
    it("counts a whole IPv6 network as one address", async () => {
      for (let i = 0; i < 10; i += 1) await accounts.signIn("x@example.org", "wrong", from(`2001:db8:1:2::${i}`));
      expect(await accounts.signIn("x@example.org", "wrong", from("2001:db8:1:2:ffff::1"))).toEqual({ ok: false, why: "rate_limited" });
      expect(await accounts.signIn("x@example.org", "wrong", from("2001:db8:1:3::1"))).toEqual({ ok: false, why: "wrong" });
    });
    it("runs few password checks at once and lets only so many wait", async () => {
      const passwords = createPasswords();
      const all = await Promise.allSettled(Array.from({ length: PASSWORD_SLOTS + PASSWORD_QUEUE + 5 }, () => passwords.verify(null, "x")));
      expect(all.filter((result) => result.status === "rejected")).toHaveLength(5);
      expect(await passwords.verify(await passwords.hash("right"), "right")).toBe(true);
    });
    it("lets no disabled user in", async () => {
      await administrator();
      await database.db.user.updateMany({ data: { disabledAt: new Date() } });
      expect(await accounts.signIn("ana@example.org", "correct horse battery", from("192.0.2.1"))).toEqual({ ok: false, why: "wrong" });
    });
    it("ends every session with a new password", async () => {
      const session = await administrator();
      await accounts.resetPassword("ana@example.org", "a completely new one");
      expect(await accounts.findSession(session.id)).toBeNull();
      expect(await accounts.signIn("ana@example.org", "a completely new one", from("192.0.2.1"))).toMatchObject({ ok: true });
      await expect(accounts.resetPassword("nobody@example.org", "a completely new one")).rejects.toMatchObject({ code: "not_found" });
    });
  });

  describe("sessions", () => {
    it("end with time, also when the clock was set forward, and note when they were seen", async () => {
      const session = await administrator();
      const seen = async () => (await database.db.session.findUniqueOrThrow({ where: { id: session.id } })).lastSeenAt.getTime();
      const first = await seen();
      clock.advance(59_000);
      await accounts.findSession(session.id);
      expect(await seen()).toBe(first);
      clock.advance(1_000);
      await accounts.findSession(session.id);
      expect(await seen()).toBe(first + 60_000);
      clock.jump(SESSION_MS);
      expect(await accounts.findSession(session.id)).toBeNull();
      await accounts.removeExpired();
      expect(await database.db.session.count()).toBe(0);
    });
    it("are listed and ended by their own person only", async () => {
      const session = await administrator();
      const answer = await accounts.signIn("ana@example.org", "correct horse battery", from("192.0.2.7"));
      if (!answer.ok) throw new Error(answer.why);
      expect((await accounts.listSessions(session)).map(({ id, current }) => [id, current]).sort()).toEqual([[session.id, true], [answer.sessionId, false]].sort());
      const stranger = { id: "user_2", name: "Ben", role: "administrator" } as const;
      await expect(accounts.endSession(stranger, answer.sessionId)).rejects.toMatchObject({ code: "not_found" });
      await accounts.endOtherSessions(session);
      expect(await accounts.findSession(answer.sessionId)).toBeNull();
      expect(await accounts.findSession(session.id)).not.toBeNull();
    });
    it("with a role that this version does not know have the least rights", async () => {
      const session = await administrator();
      await database.db.user.updateMany({ data: { role: "emperor" } });
      expect((await accounts.findSession(session.id))?.actor.role).toBe("viewer");
    });
    it("open a socket by a ticket once, for its own session, for a short time", async () => {
      const session = await administrator();
      const ticket = accounts.issueTicket(session);
      expect(accounts.redeemTicket(ticket, { ...session, id: "sess_other" })).toBe(false);
      expect(accounts.redeemTicket(ticket, session)).toBe(false); // a wrong try uses it up
      const second = accounts.issueTicket(session);
      expect(accounts.redeemTicket(second, session)).toBe(true);
      expect(accounts.redeemTicket(second, session)).toBe(false);
      const late = accounts.issueTicket(session);
      clock.advance(TICKET_MS + 1);
      expect(accounts.redeemTicket(late, session)).toBe(false);
    });
  });
});
