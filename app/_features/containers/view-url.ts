/** The table's view as a query string: what is in the address can be sent to a colleague. Defaults are left out. */
import { GROUPINGS, SORTS, type Grouping, type Order } from "./arrangement";
import { FILTER_CHARS } from "./filter";

export interface TableView {
  filter: string;
  grouping: Grouping;
  order: Order;
}

/** The names it takes in the address. */
export const VIEW_KEYS = ["q", "group", "sort"] as const;

export const DEFAULT_VIEW: TableView = { filter: "", grouping: "stack", order: { by: "name", descending: false } };

/** The view that a query string names; what is unknown in it falls back to the default. */
export function readView(params: Pick<URLSearchParams, "get">): TableView {
  const sort = params.get("sort") ?? "";
  const by = SORTS.find((name) => name === sort.replace(/^-/, "")) ?? DEFAULT_VIEW.order.by;
  return {
    filter: (params.get("q") ?? "").slice(0, FILTER_CHARS),
    grouping: GROUPINGS.find((name) => name === params.get("group")) ?? DEFAULT_VIEW.grouping,
    order: { by, descending: sort.startsWith("-") },
  };
}

/** The query string of a view, with its "?", or "" for the default view. */
export function writeView(view: TableView): string {
  const params = new URLSearchParams();
  if (view.filter.trim()) params.set("q", view.filter.trim());
  if (view.grouping !== DEFAULT_VIEW.grouping) params.set("group", view.grouping);
  if (view.order.by !== DEFAULT_VIEW.order.by || view.order.descending) params.set("sort", `${view.order.descending ? "-" : ""}${view.order.by}`);
  const text = params.toString();
  return text ? `?${text}` : "";
}
