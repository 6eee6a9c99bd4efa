import { redirect } from "next/navigation";
import { safeNext } from "@/app/_features/auth/next-path";
import { SignInForm } from "@/app/_features/auth/sign-in-form";
import { currentSession } from "@/server/auth/next-auth";

export default async function SignInPage({ searchParams }: { searchParams: Promise<Record<string, string | string[] | undefined>> }) {
  const { next } = await searchParams;
  const path = safeNext(typeof next === "string" ? next : null);
  if (await currentSession()) redirect(path);
  return <SignInForm next={path} />;
}
