"use client";
import { useClock } from "./clock";
import { useFormat } from "./format";

interface AgeProps {
  /** Milliseconds since 1970 on the server's clock. */
  at: number;
  /** ago: "6 min ago" · span: "6 min" · uptime: "0:00:41". */
  as?: "ago" | "span" | "uptime";
  className?: string;
}

/** How long ago something was, kept up to date; the moment itself is in the tooltip. */
export function Age({ at, as = "ago", className }: AgeProps) {
  const format = useFormat();
  const text = useClock((now) => format[as](now - at));
  return (
    <time dateTime={new Date(at).toISOString()} title={format.full(at)} className={className}>
      {text}
    </time>
  );
}
