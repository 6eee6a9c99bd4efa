import type { ReactNode } from "react";
import { ActionsProvider } from "@/app/_features/operations/actions-provider";

export default function ContainersLayout({ children }: { children: ReactNode }) {
  return <ActionsProvider>{children}</ActionsProvider>;
}
