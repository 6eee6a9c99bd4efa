/**
 * Next, last in line. It gets a server of its own that never listens: on its first request it adds an
 * upgrade listener to whatever server it knows, and that listener ends sockets that are not its own.
 */
import { existsSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { join } from "node:path";
import { AppError } from "@/server/lib/errors";
import type { RequestHandler } from "./server";

export interface Pages {
  handle: RequestHandler;
  /** Where Next listens for its own upgrades. */
  decoy: Server;
  /** Makes Next ready to answer. AppError bad_input when the pages were not built. */
  prepare(): Promise<void>;
  close(): Promise<void>;
}

export function createPages(options: { root: string; dev: boolean; port: () => number }): Pages {
  const decoy = createServer();
  let handle: RequestHandler | null = null;
  let closeNext: () => Promise<void> = () => Promise.resolve();
  return {
    decoy,
    async handle(request, response) {
      if (handle) return handle(request, response);
      response.setHeader("retry-after", "1");
      response.writeHead(503, { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" });
      response.end("Binnacle is starting. Try again in a second.\n");
    },
    async prepare() {
      if (!options.dev && !existsSync(join(options.root, ".next", "BUILD_ID"))) throw new AppError("bad_input", "The pages have not been built. Start Binnacle with `npm start`, which builds what is missing.");
      // Loaded only now: it reads NODE_ENV while it loads.
      const { default: next } = await import("next");
      const app = next({ dev: options.dev, dir: options.root, hostname: "localhost", port: options.port(), httpServer: decoy });
      closeNext = () => app.close();
      await app.prepare();
      handle = app.getRequestHandler();
    },
    close: () => closeNext(),
  };
}
