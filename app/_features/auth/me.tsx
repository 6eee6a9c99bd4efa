"use client";
import type { ReactNode } from "react";
import { createContext, useContext } from "react";
import type { Permission } from "@/server/domains/access/permissions";
import type { Me } from "@/server/domains/accounts/schema";

const Context = createContext<Me | null>(null);

/** Tells every component below who is signed in. */
export function MeProvider({ me, children }: { me: Me; children: ReactNode }) {
  return <Context value={me}>{children}</Context>;
}

/** Who is signed in. Only within the dashboard. */
export function useMe(): Me {
  const me = useContext(Context);
  if (!me) throw new Error("useMe needs MeProvider around it");
  return me;
}

/** Whether the person may. The server decides again, and the host's own policy has the last word. */
export function useMay(permission: Permission): boolean {
  return useMe().permissions.includes(permission);
}
