/** The time of a line as it is shown: the person's own clock, to the millisecond. */

const two = (value: number) => String(value).padStart(2, "0");

/** 14:13:02.118 */
export function clockOf(at: number): string {
  const date = new Date(at);
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${String(date.getMilliseconds()).padStart(3, "0")}`;
}

/** 11-28 */
export function dayOf(at: number): string {
  const date = new Date(at);
  return `${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** Whether two moments lie on one day of the person's calendar. */
export const isSameDay = (one: number, other: number): boolean => new Date(one).toDateString() === new Date(other).toDateString();

/** For a field of type datetime-local, to the second. */
export function toField(at: number): string {
  const date = new Date(at);
  return `${date.getFullYear()}-${dayOf(at)}T${clockOf(at).slice(0, 8)}`;
}

/** What stands in such a field, as milliseconds since 1970; null for nothing that is a time. */
export function fromField(text: string): number | null {
  const at = text === "" ? NaN : new Date(text).getTime();
  return Number.isFinite(at) && at >= 0 ? at : null;
}
