"use client";
import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useState } from "react";
import { createClient, TRPCProvider } from "./client";
import { readFailure } from "./failure";

/** Where a person goes whose session ended, and comes back from. */
function goToSignIn(): void {
  if (/^\/(sign-in|set-up)(\/|$)/.test(location.pathname)) return;
  const next = location.pathname + location.search;
  location.assign(`/sign-in?next=${encodeURIComponent(next)}`);
}

function createQueries(): QueryClient {
  const onError = (error: unknown) => {
    if (readFailure(error).code === "unauthenticated") goToSignIn();
  };
  return new QueryClient({
    queryCache: new QueryCache({ onError }),
    mutationCache: new MutationCache({ onError }),
    defaultOptions: {
      // What the server answered with a code will not change by asking again; what never arrived may.
      queries: { retry: (count, error) => count < 2 && readFailure(error).code === "unreachable", refetchOnWindowFocus: false },
      mutations: { retry: false },
    },
  });
}

/** Gives every component below the server's procedures. */
export function ApiProvider({ children }: { children: ReactNode }) {
  const [queries] = useState(createQueries);
  const [api] = useState(() => createClient(goToSignIn));
  return (
    <QueryClientProvider client={queries}>
      <TRPCProvider trpcClient={api.client} queryClient={queries}>
        {children}
      </TRPCProvider>
    </QueryClientProvider>
  );
}
