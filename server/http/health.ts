/**
 * /healthz: this process answers, and which run of it (the address test compares that id).
 * /readyz: the database answers, the gateway stands, and one page was rendered.
 */
import type { ServerResponse } from "node:http";
import { answerJson } from "./answers";

export interface HealthDeps {
  /** A random id of this run. */
  instance: string;
  /** Resolves when the database answers a query. */
  database(): Promise<unknown>;
  gateway(): boolean;
  pages(): boolean;
}
export interface Health {
  healthz(response: ServerResponse): void;
  readyz(response: ServerResponse): Promise<void>;
  check(): Promise<{ ok: boolean; database: boolean; gateway: boolean; pages: boolean }>;
}

export function createHealth(deps: HealthDeps): Health {
  const check = async () => {
    const database = await deps.database().then(() => true, () => false);
    const parts = { database, gateway: deps.gateway(), pages: deps.pages() };
    return { ok: parts.database && parts.gateway && parts.pages, ...parts };
  };
  return {
    check,
    healthz: (response) => answerJson(response, 200, { ok: true, instance: deps.instance }),
    async readyz(response) {
      const state = await check();
      answerJson(response, state.ok ? 200 : 503, state);
    },
  };
}
