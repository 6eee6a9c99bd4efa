import type { ReactNode } from "react";
import { AuthFrame } from "@/app/_features/auth/auth-frame";

/** The pages before the sign-in. */
export default function AuthLayout({ children }: { children: ReactNode }) {
  return <AuthFrame>{children}</AuthFrame>;
}
