import { permit } from "@/server/trpc/permit";
import { router } from "@/server/trpc/init";
import { PageInput, SearchInput } from "./schema";
import type { LogsService } from "./service";

/** What is followed goes over server/streams. */
export function createLogsRouter(service: LogsService) {
  return router({
    page: permit("container.logs").input(PageInput).query(({ input, signal }) => service.page(input, signal)),
    search: permit("container.logs").input(SearchInput).subscription(({ input, signal }) => service.search(input, signal)),
  });
}
