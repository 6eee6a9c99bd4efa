import { transaction, type Db } from "@/server/db/client";
import { ROLES, type Role } from "@/server/domains/access/permissions";

export interface UserRecord {
  id: string;
  email: string;
  name: string;
  passwordHash: string;
  role: Role;
  disabled: boolean;
}
export interface NewUser {
  id: string;
  email: string;
  name: string;
  passwordHash: string;
  role: Role;
  at: number;
}
export interface SessionRecord {
  id: string;
  createdAt: number;
  lastSeenAt: number;
  expiresAt: number;
  address: string;
  userAgent: string;
  user: UserRecord;
}
/** What the plain statement gives: times as the driver has them. */
interface JoinedSession extends Omit<UserRecord, "disabled" | "role">, Pick<SessionRecord, "address" | "userAgent"> {
  role: string;
  userId: string;
  createdAt: Date | string;
  lastSeenAt: Date | string;
  expiresAt: Date | string;
  disabledAt: Date | string | null;
}
export interface NewSession {
  id: string;
  userId: string;
  at: number;
  expiresAt: number;
  address: string;
  userAgent: string;
}

export type AccountsRepo = ReturnType<typeof createAccountsRepo>;

/** Users, their sessions and one-time links. Times are milliseconds since 1970. */
export function createAccountsRepo(db: Db) {
  return {
    async anyUser(): Promise<boolean> {
      return (await db.user.findFirst({ select: { id: true } })) !== null;
    },
    async userByEmail(email: string): Promise<UserRecord | null> {
      const row = await db.user.findUnique({ where: { email } });
      return row && toUser(row);
    },
    async users(): Promise<(UserRecord & { createdAt: number })[]> {
      const rows = await db.user.findMany({ orderBy: { createdAt: "asc" }, take: 1_000 });
      return rows.map((row) => ({ ...toUser(row), createdAt: row.createdAt.getTime() }));
    },
    /** Makes the first user; false when there is one already. */
    createFirstUser: (user: NewUser): Promise<boolean> =>
      transaction(db, async (tx) => {
        if ((await tx.user.count()) > 0) return false;
        await tx.user.create({ data: toRow(user) });
        return true;
      }),
    /** Uses a link and makes the first user with it, both or neither. "used": somebody was first. */
    claim: (input: { secretHash: string; user: NewUser; setting: { key: string; value: string } }): Promise<"claimed" | "used" | "bad_link"> =>
      transaction(db, async (tx) => {
        if ((await tx.user.count()) > 0) return "used";
        const at = new Date(input.user.at);
        const { count } = await tx.oneTimeLink.updateMany({ where: { secretHash: input.secretHash, purpose: "setup", usedAt: null, expiresAt: { gt: at } }, data: { usedAt: at } });
        if (count === 0) return "bad_link";
        await tx.user.create({ data: toRow(input.user) });
        const { key, value } = input.setting;
        await tx.setting.upsert({ where: { key }, create: { key, value }, update: { value } });
        return "claimed";
      }),
    /** Puts a new set-up link in place of all before it; false when there is a user already. */
    replaceSetupLink: (link: { id: string; secretHash: string; at: number; expiresAt: number }): Promise<boolean> =>
      transaction(db, async (tx) => {
        if ((await tx.user.count()) > 0) return false;
        await tx.oneTimeLink.deleteMany({ where: { purpose: "setup" } });
        await tx.oneTimeLink.create({ data: { id: link.id, purpose: "setup", secretHash: link.secretHash, createdAt: new Date(link.at), expiresAt: new Date(link.expiresAt) } });
        return true;
      }),
    async setupLinkIsGood(secretHash: string, now: number): Promise<boolean> {
      const row = await db.oneTimeLink.findUnique({ where: { secretHash } });
      return row !== null && row.purpose === "setup" && row.usedAt === null && row.expiresAt.getTime() > now;
    },
    async setPassword(userId: string, passwordHash: string): Promise<void> {
      // A new password ends what the old one opened.
      await db.$transaction([db.user.update({ where: { id: userId }, data: { passwordHash } }), db.session.deleteMany({ where: { userId } })]);
    },

    async createSession(session: NewSession): Promise<void> {
      const { at, expiresAt, ...rest } = session;
      await db.session.create({ data: { ...rest, createdAt: new Date(at), lastSeenAt: new Date(at), expiresAt: new Date(expiresAt) } });
    },
    /** One plain statement: every request waits for it, and the models make two of it. */
    async session(id: string): Promise<SessionRecord | null> {
      const [row] = await db.$queryRaw<JoinedSession[]>`
        SELECT s.id, s.createdAt, s.lastSeenAt, s.expiresAt, s.address, s.userAgent, u.id AS userId, u.email, u.name, u.passwordHash, u.role, u.disabledAt
        FROM Session s JOIN User u ON u.id = s.userId WHERE s.id = ${id}`;
      if (!row) return null;
      const date = (value: Date | string) => new Date(value); // the driver gives text
      const user = { id: row.userId, email: row.email, name: row.name, passwordHash: row.passwordHash, role: row.role, disabledAt: row.disabledAt === null ? null : date(row.disabledAt) };
      return toSession({ ...row, createdAt: date(row.createdAt), lastSeenAt: date(row.lastSeenAt), expiresAt: date(row.expiresAt), user });
    },
    async sessionsOf(userId: string): Promise<SessionRecord[]> {
      const rows = await db.session.findMany({ where: { userId }, include: { user: true }, orderBy: { lastSeenAt: "desc" }, take: 200 });
      return rows.map(toSession);
    },
    async sessionsAmong(ids: string[]): Promise<SessionRecord[]> {
      const rows = await db.session.findMany({ where: { id: { in: ids } }, include: { user: true } });
      return rows.map(toSession);
    },
    async touchSession(id: string, at: number): Promise<void> {
      await db.session.updateMany({ where: { id }, data: { lastSeenAt: new Date(at) } });
    },
    /** Ends one session; with `userId`, only if it is that user's. Returns whether there was one. */
    async endSession(id: string, userId?: string): Promise<boolean> {
      const { count } = await db.session.deleteMany({ where: userId === undefined ? { id } : { id, userId } });
      return count > 0;
    },
    /** Ends all sessions of a user but one; returns their ids. */
    endOtherSessions: (userId: string, keep: string): Promise<string[]> =>
      transaction(db, async (tx) => {
        const where = { userId, id: { not: keep } };
        const rows = await tx.session.findMany({ where, select: { id: true } });
        await tx.session.deleteMany({ where });
        return rows.map((row) => row.id);
      }),
    /** Keeps the newest sessions of a user; returns the ids of those that it ended. */
    trimSessions: (userId: string, keep: number): Promise<string[]> =>
      transaction(db, async (tx) => {
        const rows = await tx.session.findMany({ where: { userId }, select: { id: true }, orderBy: { lastSeenAt: "desc" }, skip: keep });
        const ids = rows.map((row) => row.id);
        await tx.session.deleteMany({ where: { id: { in: ids } } });
        return ids;
      }),
    async removeExpired(now: number): Promise<void> {
      await db.session.deleteMany({ where: { expiresAt: { lte: new Date(now) } } });
      await db.oneTimeLink.deleteMany({ where: { expiresAt: { lte: new Date(now) } } });
    },
  };
}

interface UserRow {
  id: string;
  email: string;
  name: string;
  passwordHash: string;
  role: string;
  disabledAt: Date | null;
}

function toUser(row: UserRow): UserRecord {
  // A role that this version does not know gives the least rights, never the most.
  const role = ROLES.find((known) => known === row.role) ?? "viewer";
  return { id: row.id, email: row.email, name: row.name, passwordHash: row.passwordHash, role, disabled: row.disabledAt !== null };
}

function toRow({ at, ...user }: NewUser) {
  return { ...user, createdAt: new Date(at) };
}

interface SessionRow {
  id: string;
  createdAt: Date;
  lastSeenAt: Date;
  expiresAt: Date;
  address: string;
  userAgent: string;
  user: UserRow;
}

function toSession(row: SessionRow): SessionRecord {
  return { id: row.id, createdAt: row.createdAt.getTime(), lastSeenAt: row.lastSeenAt.getTime(), expiresAt: row.expiresAt.getTime(), address: row.address, userAgent: row.userAgent, user: toUser(row.user) };
}
