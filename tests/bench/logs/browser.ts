/**
 * The distribution's Chromium, driven by hand over its own protocol: Playwright watches the network, and so
 * takes a copy of each WebSocket message through two more processes, which here would be most of the work.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { WebSocket } from "ws";
import { CHROMIUM } from "../chromium";

export interface Tab {
  /** Goes there and waits until the page has loaded. */
  goto(url: string): Promise<void>;
  /** Runs an expression in the page, and waits for its promise. Throws what it throws. */
  evaluate<T>(expression: string): Promise<T>;
  /** Stops the page's own thread for good, as a tab that hangs. It can then only be closed with the browser. */
  halt(): Promise<void>;
}
export interface Browser {
  /** A tab with these cookies, `name=value; …`. `script` runs in each page before the page's own. */
  open(origin: string, cookies: string, script?: string): Promise<Tab>;
  pid: number;
  close(): Promise<void>;
}

interface Answer {
  id?: number;
  method?: string;
  sessionId?: string;
  params?: unknown;
  result?: Record<string, unknown>;
  error?: { message: string };
}
type Ask = (method: string, params?: object, sessionId?: string) => Promise<Record<string, unknown>>;

/** One connection to the browser, for all its tabs. */
async function connect(url: string) {
  const socket = new WebSocket(url, { perMessageDeflate: false });
  await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
  const waiting = new Map<number, { resolve: (result: Record<string, unknown>) => void; reject: (error: Error) => void }>();
  const events = new Set<(message: Answer) => void>();
  let next = 1;
  socket.on("message", (data: Buffer) => {
    const message = JSON.parse(data.toString()) as Answer;
    if (message.id === undefined) return events.forEach((listener) => listener(message));
    const asked = waiting.get(message.id);
    waiting.delete(message.id);
    if (message.error) asked?.reject(new Error(message.error.message));
    else asked?.resolve(message.result ?? {});
  });
  socket.on("close", () => waiting.forEach(({ reject }) => reject(new Error("the browser is gone"))));
  const ask: Ask = (method, params = {}, sessionId) =>
    new Promise((resolve, reject) => {
      waiting.set(next, { resolve, reject });
      socket.send(JSON.stringify({ id: next++, method, params, ...(sessionId ? { sessionId } : {}) }));
    });
  const event = (method: string, sessionId: string) =>
    new Promise<void>((resolve) => {
      const listener = (message: Answer) => {
        if (message.method !== method || message.sessionId !== sessionId) return;
        events.delete(listener);
        resolve();
      };
      events.add(listener);
    });
  return { ask, event, close: () => socket.close() };
}

async function evaluate<T>(ask: Ask, sessionId: string, expression: string): Promise<T> {
  const answer = await ask("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true }, sessionId);
  const { result, exceptionDetails } = answer as { result: { value: T }; exceptionDetails?: { text: string; exception?: { description?: string } } };
  if (exceptionDetails) throw new Error(`in the page: ${exceptionDetails.exception?.description ?? exceptionDetails.text}`);
  return result.value;
}

/** Starts Chromium; rejects with what it printed when it does not come up. */
export async function startBrowser(): Promise<Browser> {
  const profile = mkdtempSync(join(tmpdir(), "bb-"));
  const child = spawn(CHROMIUM.executablePath!, [...CHROMIUM.args!, "--headless=new", "--remote-debugging-port=0", `--user-data-dir=${profile}`, "--window-size=1440,900", "about:blank"], { stdio: ["ignore", "ignore", "pipe"] });
  const close = async () => {
    await end(child);
    // Its own helpers end a moment after it, and still write into the profile.
    await rm(profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 250 }).catch(() => undefined);
  };
  try {
    const { ask, event, close: hangUp } = await connect(await debuggerUrl(child));
    return {
      pid: child.pid!,
      async open(origin, cookies, script) {
        const list = cookies.split("; ").map((pair) => ({ name: pair.slice(0, pair.indexOf("=")), value: pair.slice(pair.indexOf("=") + 1), url: origin }));
        await ask("Storage.setCookies", { cookies: list });
        const { targetId } = await ask("Target.createTarget", { url: "about:blank" });
        const { sessionId } = (await ask("Target.attachToTarget", { targetId, flatten: true })) as { sessionId: string };
        await ask("Page.enable", {}, sessionId);
        if (script) await ask("Page.addScriptToEvaluateOnNewDocument", { source: script }, sessionId);
        return {
          async goto(url) {
            const loaded = event("Page.loadEventFired", sessionId);
            await ask("Page.navigate", { url }, sessionId);
            await loaded;
          },
          evaluate: (expression) => evaluate(ask, sessionId, expression),
          async halt() {
            await ask("Debugger.enable", {}, sessionId);
            const paused = event("Debugger.paused", sessionId);
            await ask("Debugger.pause", {}, sessionId);
            await paused;
          },
        };
      },
      async close() {
        hangUp();
        await close();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function debuggerUrl(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    const lines: string[] = [];
    createInterface({ input: child.stderr! }).on("line", (line) => {
      if (lines.length < 100) lines.push(line);
      const found = /DevTools listening on (ws:\S+)/.exec(line)?.[1];
      if (found) resolve(found);
    });
    child.once("error", reject);
    child.once("exit", () => reject(new Error(`Chromium did not start:\n${lines.join("\n")}`)));
  });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await gone;
}
