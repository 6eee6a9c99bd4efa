"use client";
import { Broken } from "@/app/_features/shell/broken";

/** A page that could not be drawn; the frame around it stays. */
export default function ErrorPage({ error, reset }: { error: Error & { digest?: string }; reset: () => void }) {
  return <Broken id={error.digest ?? null} onRetry={reset} />;
}
