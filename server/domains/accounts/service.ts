/** People, how they sign in, and their sessions. */
import { permissionsOf, type Actor } from "@/server/domains/access/permissions";
import { PUBLIC_URL_SETTING, type SettingsService } from "@/server/domains/settings/service";
import type { AddressTest } from "@/server/domains/settings/schema";
import type { Clock } from "@/server/lib/clock";
import { AppError } from "@/server/lib/errors";
import { hashSecret, newId, newSecret } from "@/server/lib/ids";
import type { Logger } from "@/server/lib/logger";
import type { SocketRegistry } from "@/server/live/sockets";
import { addressKey, createAttempts } from "./attempts";
import type { Passwords } from "./passwords";
import type { AccountsRepo, SessionRecord } from "./repo";
import type { Caller, Me, Session, SessionView, SignInAnswer } from "./schema";
import { createTickets } from "./tickets";

export const SETUP_LINK_MS = 24 * 3_600_000;
export const SESSION_MS = 30 * 24 * 3_600_000;
/** A session's "last seen" is written at most this often. */
const TOUCH_MS = 60_000;
/** Sessions one person may have; the ones longest unseen go first. */
const SESSIONS_PER_USER = 100;
/** Wrong passwords in a while: from one address, and on one account from everywhere. */
const PER_ADDRESS = { tries: 10, windowMs: 5 * 60_000 };
const PER_ACCOUNT = { tries: 50, windowMs: 15 * 60_000 };
/** Tries of a set-up link from one address. */
const PER_LINK = { tries: 20, windowMs: 5 * 60_000 };

export interface AccountsDeps {
  repo: AccountsRepo;
  passwords: Passwords;
  settings: SettingsService;
  sockets: SocketRegistry;
  clock: Clock;
  log: Logger;
}
export type AccountsService = ReturnType<typeof createAccountsService>;

export function createAccountsService(deps: AccountsDeps) {
  return { ...createSetup(deps), ...createSignIn(deps), ...createSessions(deps) };
}

/** The first administrator: through a one-time link, or from the environment. */
function createSetup({ repo, passwords, settings, clock, log }: AccountsDeps) {
  const tries = createAttempts(clock, PER_LINK);
  const guard = (address: string) => {
    if (!tries.mayTry(addressKey(address))) throw new AppError("rate_limited", "Too many tries from here. Wait five minutes, then open the link again.");
    tries.count(addressKey(address));
  };
  const isGood = (secret: string) => repo.setupLinkIsGood(hashSecret(secret), clock.now());
  const expired = () => new AppError("not_found", "This set-up link is used up or too old. Start Binnacle again, or run `npm run binnacle -- setup-link`, for a new one.");
  return {
    isSetupNeeded: async () => !(await repo.anyUser()),
    /** A new link's secret, in place of all earlier ones; null when there is an administrator already. */
    async makeSetupLink(): Promise<string | null> {
      const secret = newSecret();
      const at = clock.now();
      return (await repo.replaceSetupLink({ id: newId("link"), secretHash: hashSecret(secret), at, expiresAt: at + SETUP_LINK_MS })) ? secret : null;
    },
    async checkSetupLink(secret: string, address: string): Promise<boolean> {
      guard(address);
      return isGood(secret);
    },
    /** AppError not_found when the link is not good (any more). */
    async testSetupAddress(input: { secret: string; url: string }, address: string): Promise<AddressTest> {
      guard(address);
      if (!(await isGood(input.secret))) throw expired();
      return settings.testAddress(input.url);
    },
    /** Makes the first administrator. Of two that race, one wins and the other gets AppError conflict. */
    async claim(input: { secret: string; email: string; name: string; password: string; publicUrl: string }, address: string): Promise<void> {
      guard(address);
      if (!(await isGood(input.secret))) throw expired();
      const passwordHash = await passwords.hash(input.password);
      const user = { id: newId("user"), email: input.email, name: input.name, passwordHash, role: "administrator" as const, at: clock.now() };
      const setting = { key: PUBLIC_URL_SETTING, value: JSON.stringify(new URL(input.publicUrl).origin) };
      const result = await repo.claim({ secretHash: hashSecret(input.secret), user, setting });
      if (result === "used") throw new AppError("conflict", "Somebody was faster: there is an administrator already. Sign in, or ask them.");
      if (result === "bad_link") throw expired();
      await settings.reload();
      log.info({ user: user.id, address }, "first administrator made through the set-up link");
    },
    /** Makes the first administrator from the environment; does nothing when there is any user. */
    async seedAdministrator(admin: { email: string; password: string }): Promise<void> {
      if (await repo.anyUser()) return;
      const passwordHash = await passwords.hash(admin.password);
      const name = admin.email.split("@")[0] ?? admin.email;
      const user = { id: newId("user"), email: admin.email, name, passwordHash, role: "administrator" as const, at: clock.now() };
      if (await repo.createFirstUser(user)) log.info({ user: user.id }, "first administrator made from the environment");
    },
  };
}

function createSignIn({ repo, passwords, clock, log, sockets }: AccountsDeps) {
  const perAddress = createAttempts(clock, PER_ADDRESS);
  const perAccount = createAttempts(clock, PER_ACCOUNT);
  return {
    /** Checks a password and opens a session. A wrong name and a wrong password give one answer in one time. */
    async signIn(email: string, password: string, caller: Caller): Promise<SignInAnswer> {
      const from = addressKey(caller.address);
      if (!perAddress.mayTry(from) || !perAccount.mayTry(email)) {
        log.warn({ address: caller.address }, "sign-in refused: too many tries");
        return { ok: false, why: "rate_limited" };
      }
      perAddress.count(from);
      perAccount.count(email);
      const user = await repo.userByEmail(email);
      let right: boolean;
      try {
        right = await passwords.verify(user?.passwordHash ?? null, password);
      } catch (error) {
        if (error instanceof AppError && error.code === "rate_limited") return { ok: false, why: "rate_limited" };
        throw error;
      }
      if (!right || user === null || user.disabled) {
        log.warn({ address: caller.address, user: user?.id }, "sign-in refused");
        return { ok: false, why: "wrong" };
      }
      perAddress.forgive(from);
      perAccount.forgive(email);
      const at = clock.now();
      const sessionId = newId("sess");
      await repo.createSession({ id: sessionId, userId: user.id, at, expiresAt: at + SESSION_MS, address: caller.address.slice(0, 64), userAgent: caller.userAgent.slice(0, 300) });
      for (const id of await repo.trimSessions(user.id, SESSIONS_PER_USER)) sockets.closeSession(id, "signed in elsewhere too often");
      log.info({ user: user.id, address: caller.address }, "signed in");
      return { ok: true, sessionId, userId: user.id, email: user.email, name: user.name };
    },
    /** Everybody who may sign in, the longest here first. */
    listUsers: () => repo.users(),
    /** Sets a password and ends the person's sessions. AppError not_found. */
    async resetPassword(email: string, password: string): Promise<void> {
      const user = await repo.userByEmail(email);
      if (user === null) throw new AppError("not_found", `There is no user with the e-mail address ${email}.`);
      await repo.setPassword(user.id, await passwords.hash(password));
      sockets.closeUser(user.id, "password changed");
      log.info({ user: user.id }, "password reset");
    },
    /** Signs out: the row is gone and its sockets are closed when this returns. */
    async signOut(sessionId: string): Promise<void> {
      await repo.endSession(sessionId);
      sockets.closeSession(sessionId, "signed out");
    },
  };
}

function createSessions({ repo, clock, sockets }: AccountsDeps) {
  const tickets = createTickets(clock);
  const isOver = (record: SessionRecord) => record.expiresAt <= clock.now() || record.user.disabled;
  return {
    /** The live session of that id; null when it ended, expired, or its user is disabled. Notes that it was seen. */
    async findSession(sessionId: string): Promise<Session | null> {
      const record = await repo.session(sessionId);
      if (record === null || isOver(record)) return null;
      const now = clock.now();
      if (Math.abs(now - record.lastSeenAt) >= TOUCH_MS) await repo.touchSession(sessionId, now);
      return { id: record.id, actor: { id: record.user.id, name: record.user.name, role: record.user.role }, email: record.user.email };
    },
    /** Closes the sockets whose session ended or whose user's role changed, also by another process. */
    async recheckSockets(): Promise<void> {
      const open = sockets.sessions();
      if (open.length === 0) return;
      const records = new Map((await repo.sessionsAmong(open.map((entry) => entry.sessionId))).map((record) => [record.id, record]));
      for (const { sessionId, role } of open) {
        const record = records.get(sessionId);
        if (!record || isOver(record)) sockets.closeSession(sessionId, "session ended");
        else if (record.user.role !== role) sockets.closeSession(sessionId, "role changed");
      }
    },
    me: (session: Session): Me => ({
      user: { id: session.actor.id, name: session.actor.name, email: session.email, role: session.actor.role },
      permissions: permissionsOf(session.actor.role),
      sessionId: session.id,
    }),
    issueTicket: (session: Session) => tickets.issue(session.id),
    redeemTicket: (ticket: string, session: Session) => tickets.redeem(ticket, session.id),
    async listSessions(session: Session): Promise<SessionView[]> {
      const records = await repo.sessionsOf(session.actor.id);
      return records.filter((record) => !isOver(record)).map(({ id, createdAt, lastSeenAt, address, userAgent }) => ({ id, createdAt, lastSeenAt, address, userAgent, current: id === session.id }));
    },
    /** Ends one of the person's own sessions. AppError not_found for any other. */
    async endSession(actor: Actor, sessionId: string): Promise<void> {
      if (!(await repo.endSession(sessionId, actor.id))) throw new AppError("not_found", "This session has ended already.");
      sockets.closeSession(sessionId, "session ended");
    },
    async endOtherSessions(session: Session): Promise<void> {
      for (const id of await repo.endOtherSessions(session.actor.id, session.id)) sockets.closeSession(id, "session ended");
    },
    removeExpired: () => repo.removeExpired(clock.now()),
  };
}
