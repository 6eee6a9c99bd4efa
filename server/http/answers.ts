/** Short answers of the hub itself, before or instead of any handler. */
import type { ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { STATUS_CODES } from "node:http";
import type { AppError } from "@/server/lib/errors";
import { setPlainHeaders } from "./security-headers";

export function answerJson(response: ServerResponse, status: number, body: unknown): void {
  setPlainHeaders(response);
  response.writeHead(status, { "content-type": "application/json; charset=utf-8", "cache-control": "no-store" });
  response.end(JSON.stringify(body));
}

/** A refusal in the shape that the pages know from tRPC. The connection ends when the body was not read. */
export function answerError(response: ServerResponse, error: AppError): void {
  if (!response.req.complete) response.setHeader("connection", "close");
  answerJson(response, error.status, { error: { message: error.message, data: { appCode: error.code, httpStatus: error.status } } });
}

/** Refuses an upgrade with a status line, then ends the socket. */
export function refuseUpgrade(socket: Duplex, status: number): void {
  socket.on("error", () => undefined);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
