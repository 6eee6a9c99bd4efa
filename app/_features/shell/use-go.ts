"use client";
import { useRouter } from "next/navigation";
import { useConnection } from "@/app/_trpc/live";
import { useScope } from "./scope";

/**
 * Goes to a path of the page with the scope kept. While the server is away it stays: the browser would put
 * its own error page in place of what is still known.
 */
export function useGo(): (path: string) => void {
  const router = useRouter();
  const scope = useScope();
  const away = useConnection().state === "away";
  return (path) => {
    if (!away) router.push(scope.href(path));
  };
}
