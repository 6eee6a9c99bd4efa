/** The whole surface that the pages call. main.ts builds each router from its service and hands them in. */
import { router } from "./init";

export function createRootRouter() {
  return router({});
}
export type AppRouter = ReturnType<typeof createRootRouter>;
