import { Tags } from "@/server/domains/hosts/schema";

export type ReadTags = { tags: string[] } | { wrong: string } | { tooMany: true };

/** Tags as typed: separated by blanks or commas, each once. */
export function readTags(text: string): ReadTags {
  const tags = [...new Set(text.split(/[\s,]+/).filter(Boolean))];
  const wrong = tags.find((tag) => !Tags.safeParse([tag]).success);
  if (wrong !== undefined) return { wrong };
  return Tags.safeParse(tags).success ? { tags } : { tooMany: true };
}

/** A whole number within bounds; null when it is none. */
export function readCount(text: string, from: number, to: number): number | null {
  const value = Number(text.trim());
  return /^\d{1,6}$/.test(text.trim()) && value >= from && value <= to ? value : null;
}

/** Whether an address means the machine itself, so that no other one can use it. */
export function isLoopback(url: string): boolean {
  try {
    const { hostname } = new URL(url);
    return hostname === "localhost" || hostname.endsWith(".localhost") || hostname === "[::1]" || /^127\./.test(hostname) || hostname === "0.0.0.0";
  } catch {
    return false;
  }
}
