import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { FleetMessage } from "@/server/domains/fleet/schema";
import type { Client } from "./client";

type Handlers = { onData: (message: FleetMessage) => void; onComplete: () => void; onError: () => void; onConnectionStateChange: (state: { state: string }) => void };

/** Stands for the socket: what the page subscribed to, and whether it still does. */
function fakeClient() {
  const asked: Handlers[] = [];
  let open = 0;
  const subscribe = (_input: undefined, handlers: Handlers) => {
    asked.push(handlers);
    open++;
    return { unsubscribe: () => void open-- };
  };
  const client = { fleet: { live: { subscribe } }, operations: { live: { subscribe: () => ({ unsubscribe: () => undefined }) } } };
  return { client: client as unknown as Client, asked, last: () => asked.at(-1) as Handlers, open: () => open };
}

const snapshot = (part: Partial<Extract<FleetMessage, { type: "snapshot" }>> = {}): FleetMessage => ({ type: "snapshot", at: Date.now(), hosts: [], containers: [], first: true, last: true, ...part });

describe("the live picture of a tab", () => {
  let stop: () => void;
  let socket: ReturnType<typeof fakeClient>;
  let state: () => string;
  let now: () => number;
  beforeEach(async () => {
    vi.useFakeTimers();
    vi.resetModules();
    const live = await import("./live");
    state = () => live.currentConnection().state;
    // The same fresh copy that live.ts uses.
    now = (await import("@/app/_ui/clock")).clockNow;
    socket = fakeClient();
    stop = live.startLive(socket.client);
  });
  afterEach(() => {
    stop();
    vi.useRealTimers();
  });

  it("is live only when the whole picture is here, not when a socket is open", () => {
    expect(state()).toBe("connecting");
    socket.last().onData(snapshot({ last: false }));
    expect(state()).toBe("connecting");
    socket.last().onData(snapshot({ first: false }));
    expect(state()).toBe("live");
  });

  it("says that it reconnects at once, and that the server is away only after a while", () => {
    socket.last().onData(snapshot());
    socket.last().onConnectionStateChange({ state: "connecting" });
    expect(state()).toBe("reconnecting");
    vi.advanceTimersByTime(3_900);
    expect(state()).toBe("reconnecting");
    vi.advanceTimersByTime(200);
    expect(state()).toBe("away");
  });

  it("says so too when the server was never reached", () => {
    socket.last().onConnectionStateChange({ state: "connecting" });
    expect(state()).toBe("connecting");
    vi.advanceTimersByTime(5_000);
    expect(state()).toBe("away");
  });

  it("goes on by itself: one patch or picture makes it live again, and no late timer undoes that", () => {
    socket.last().onData(snapshot());
    socket.last().onConnectionStateChange({ state: "connecting" });
    vi.advanceTimersByTime(3_000);
    socket.last().onData(snapshot());
    expect(state()).toBe("live");
    vi.advanceTimersByTime(60_000);
    expect(state()).toBe("live");
  });

  it("asks again for a subscription that the server ended, and keeps only one", () => {
    socket.last().onData(snapshot());
    socket.last().onComplete();
    socket.last().onError();
    vi.advanceTimersByTime(1_100);
    expect(socket.asked).toHaveLength(2);
    expect(socket.open()).toBe(1);
    stop();
    expect(socket.open()).toBe(0);
    vi.advanceTimersByTime(60_000);
    expect(socket.asked).toHaveLength(2);
  });

  it("tells the server's time, and stands still while the server is not heard", () => {
    socket.last().onData(snapshot({ at: Date.now() + 3_600_000 }));
    expect(now() - Date.now()).toBe(3_600_000);
    socket.last().onConnectionStateChange({ state: "connecting" });
    const frozen = now();
    vi.advanceTimersByTime(90_000);
    expect(now()).toBe(frozen);
    socket.last().onData(snapshot({ at: Date.now() + 3_600_000 }));
    expect(now()).toBe(frozen + 90_000);
  });
});
