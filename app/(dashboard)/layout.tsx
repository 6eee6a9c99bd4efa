import { headers } from "next/headers";
import { redirect } from "next/navigation";
import type { ReactNode } from "react";
import { Shell } from "@/app/_features/shell/shell";
import { PATH_HEADER } from "@/server/auth/bridge";
import { currentSession } from "@/server/auth/next-auth";
import { permissionsOf } from "@/server/domains/access/permissions";

/** Everything behind the sign-in. The procedures check again: this only decides which page is drawn. */
export default async function DashboardLayout({ children }: { children: ReactNode }) {
  const session = await currentSession();
  if (!session) {
    const path = (await headers()).get(PATH_HEADER);
    redirect(path && path !== "/" ? `/sign-in?next=${encodeURIComponent(path)}` : "/sign-in");
  }
  const { id, name, role } = session.actor;
  return <Shell me={{ user: { id, name, email: session.email, role }, permissions: permissionsOf(role), sessionId: session.id }}>{children}</Shell>;
}
