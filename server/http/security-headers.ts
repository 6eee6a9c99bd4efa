/** What every answer tells the browser not to do. */
import { randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";

const FIXED = {
  "x-content-type-options": "nosniff",
  "referrer-policy": "same-origin",
  "x-frame-options": "DENY",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
} as const;

/** For answers that are not pages: nothing in them may run. */
export function setPlainHeaders(response: ServerResponse): void {
  for (const [name, value] of Object.entries(FIXED)) response.setHeader(name, value);
  response.setHeader("content-security-policy", "default-src 'none'; frame-ancestors 'none'");
}

/**
 * For pages. Scripts run only with this answer's nonce, which Next reads from the request's own header and
 * puts on its scripts. Styles may stand inline: the virtual table positions its rows by style attributes.
 */
export function setPageHeaders(request: IncomingMessage, response: ServerResponse, options: { dev: boolean; secure: () => boolean }): void {
  const nonce = randomBytes(16).toString("base64");
  const policy = [
    "default-src 'none'",
    `script-src 'self' 'nonce-${nonce}' 'strict-dynamic'${options.dev ? " 'unsafe-eval'" : ""}`,
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "manifest-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
  for (const [name, value] of Object.entries(FIXED)) response.setHeader(name, value);
  // Browsers ignore it over plain http, and complain on every page.
  if (options.secure()) response.setHeader("cross-origin-opener-policy", "same-origin");
  response.setHeader("content-security-policy", policy);
  request.headers["content-security-policy"] = policy;
}
