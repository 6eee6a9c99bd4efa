import type { OperationView, OperationsMessage } from "@/server/domains/operations/schema";
import { createStore } from "./store";

/** Operations kept in a tab, the newest first. The older ones are asked for where they are shown. */
const KEPT = 200;

/** What is being done and was done lately, by anyone. A row that did not change is the same object as before. */
export function createOperationsStore() {
  const operations = createStore<readonly OperationView[]>([]);
  const ready = createStore(false);

  function take(message: OperationsMessage): void {
    const byId = new Map(message.type === "patch" ? operations.get().map((one) => [one.id, one]) : []);
    for (const operation of message.operations) byId.set(operation.id, operation);
    operations.set([...byId.values()].sort((one, other) => other.createdAt - one.createdAt || (one.id < other.id ? 1 : -1)).slice(0, KEPT));
    if (message.type === "snapshot") ready.set(true);
  }

  return {
    operations,
    ready,
    take,
  };
}
