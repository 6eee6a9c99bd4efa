/**
 * What a stream of bytes to a page is, and who may open it. A kind is a row of root.ts:
 *
 *   "logs.follow": stream("container.logs", FollowInput, (input, { signal }) => logs.follow(input, signal)),
 *
 * Today's kinds give bytes and take none. One that takes bytes as well, such as a terminal, opens a Duplex,
 * to which the binary messages of the page go: text messages stay what the socket itself speaks.
 */
import type { Readable } from "node:stream";
import { z } from "zod/mini";
import { can, PERMISSIONS, type Actor, type Permission } from "@/server/domains/access/permissions";
import { AppError } from "@/server/lib/errors";

export interface StreamContext {
  actor: Actor;
  /** Aborted when the page is gone: a source that is still being opened is then not wanted any more. */
  signal: AbortSignal;
}

export interface StreamKind<Input = unknown> {
  permission: Permission;
  input: z.ZodMiniType<Input>;
  /** Opens the source. AppErrors are told to the page. Destroying what it gives ends it wherever it comes from. */
  open(input: Input, context: StreamContext): Promise<Readable>;
}
export type StreamKinds = Readonly<Record<string, StreamKind>>;

/** A kind of stream for signed-in people who have this right. */
export function stream<Input>(permission: Permission, input: z.ZodMiniType<Input>, open: StreamKind<Input>["open"]): StreamKind<Input> {
  return { permission, input, open };
}

/** Returns the kinds as they are; throws where one names no right of the table, so that such a hub does not start. */
export function declaredStreams<Kinds extends StreamKinds>(kinds: Kinds): Kinds {
  const bare = Object.entries(kinds).filter(([, kind]) => !Object.hasOwn(PERMISSIONS, kind.permission));
  if (bare.length > 0) throw new Error(`these streams declare no permission: ${bare.map(([name]) => name).join(", ")}`);
  return kinds;
}

/** Opens a stream by its name for this person. AppErrors bad_input, forbidden, and what the source fails with. */
export async function openStream(kinds: StreamKinds, name: string, input: unknown, context: StreamContext): Promise<Readable> {
  const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
  if (!kind) throw new AppError("bad_input", "There is no stream of this name.");
  if (!can(context.actor.role, kind.permission)) throw new AppError("forbidden", `This needs the right to ${kind.permission}, which the role ${context.actor.role} does not have. Ask an administrator.`);
  const parsed = z.safeParse(kind.input, input);
  if (!parsed.success) throw new AppError("bad_input", z.prettifyError(parsed.error));
  return kind.open(parsed.data, context);
}
