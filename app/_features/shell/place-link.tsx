"use client";
import Link from "next/link";
import type { ComponentProps } from "react";
import { useConnection } from "@/app/_trpc/live";
import { useScope } from "./scope";

/**
 * A link within the page that carries the scope along. While the server is away it does not leave: the
 * browser would put its own error page in place of what is still known. Only the few links to the places
 * are fetched beforehand: a page of cards would ask for a page each.
 */
export function PlaceLink({ path, onClick, prefetch = false, ...rest }: { path: string } & Omit<ComponentProps<typeof Link>, "href">) {
  const scope = useScope();
  const away = useConnection().state === "away";
  return (
    <Link
      href={scope.href(path)}
      prefetch={prefetch}
      aria-disabled={away || undefined}
      {...rest}
      onClick={(event) => {
        if (away) event.preventDefault();
        onClick?.(event);
      }}
    />
  );
}
