/** Signing in and out over Auth.js's own routes. Nothing is kept in the page. */
const ROUTES = "/api/auth";
const CREDENTIALS = `${ROUTES}/callback/credentials`;

/** refused: wrong, unknown or disabled, never said which. */
export type SignInResult = "ok" | "refused" | "rate_limited" | "unreachable";

async function antiForgeryToken(): Promise<string> {
  const answer = await fetch(`${ROUTES}/csrf`, { headers: { accept: "application/json" } });
  const body = (await answer.json()) as { csrfToken?: unknown };
  if (typeof body.csrfToken !== "string") throw new Error("no anti-forgery token");
  return body.csrfToken;
}

async function post(path: string, fields: Record<string, string>): Promise<Response> {
  const body = new URLSearchParams({ ...fields, csrfToken: await antiForgeryToken(), callbackUrl: location.origin });
  // The header asks for JSON with the address to go to, in place of a redirect.
  return fetch(path, { method: "POST", headers: { "X-Auth-Return-Redirect": "1" }, body });
}

/** Signs this browser in. Never throws. */
export async function signIn(email: string, password: string): Promise<SignInResult> {
  try {
    const answer = await post(CREDENTIALS, { email, password });
    if (answer.status === 429) return "rate_limited";
    const body = (await answer.json()) as { url?: unknown };
    const found = new URL(String(body.url), location.origin).searchParams;
    if (found.get("code") === "rate_limited") return "rate_limited";
    if (answer.ok && !found.has("error")) return "ok";
    return found.get("error") === "CredentialsSignin" || answer.status === 401 ? "refused" : "unreachable";
  } catch {
    return "unreachable";
  }
}

/** Ends this browser's session and shows the sign-in page. */
export async function signOut(): Promise<void> {
  try {
    await post(`${ROUTES}/signout`, {});
  } finally {
    location.assign("/sign-in");
  }
}
