/** Readers of /stream without a browser: one that works as a page does, and one that hangs. */
import { WebSocket } from "ws";
import type { Client } from "../../lab/client";

export interface Reader {
  /** Bytes it was given. */
  bytes(): number;
  close(): void;
}

/** `isStalled`: reads nothing after the first message and acknowledges nothing. Rejects when it cannot connect. */
export async function openReader(client: Client, url: string, input: { hostId: string; id: string }, isStalled: boolean): Promise<Reader> {
  const { ticket } = await client.api.session.ticket.mutate();
  const socket = new WebSocket(`${url.replace(/^http/, "ws")}/stream`, { headers: { cookie: client.cookie, origin: url } });
  await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
  let bytes = 0;
  socket.on("error", () => undefined);
  socket.on("message", (data: Buffer, isBinary) => {
    if (!isBinary) return;
    bytes += data.length;
    if (isStalled) socket.pause();
    else socket.send(JSON.stringify({ ack: bytes }));
  });
  socket.send(JSON.stringify({ ticket, stream: "logs.follow", input: { ...input, start: { at: "tail", lines: 1_000 }, follow: true } }));
  return { bytes: () => bytes, close: () => socket.terminate() };
}
