/** From a Cookie header to the session that it names, outside Next's request scope. */
import { getToken } from "@auth/core/jwt";

/** How long a sign-in lasts, in seconds; the Session row has the last word. */
export const SESSION_SECONDS = 30 * 24 * 3600;

/** A cookie that only https carries has a name that the browser protects. */
export const cookieNameFor = (secure: boolean): string => `${secure ? "__Host-" : ""}binnacle.session`;

/** The Session row's id in a Cookie header; null when there is none or it was not made with this secret. */
export async function sessionIdFrom(cookie: string, options: { secret: string; cookieName: string; secure: boolean }): Promise<string | null> {
  if (!cookie.includes(options.cookieName)) return null;
  // Only the cookie is passed on: Auth.js would also take a bearer header, and a session never travels so.
  const token = await getToken({
    req: { headers: new Headers({ cookie }) },
    secret: options.secret,
    cookieName: options.cookieName,
    secureCookie: options.secure,
    salt: options.cookieName,
    logger: { debug: () => undefined, warn: () => undefined, error: () => undefined },
  });
  const id = token?.["sid"];
  return typeof id === "string" ? id : null;
}
