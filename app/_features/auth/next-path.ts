/** The page to go to after signing in: a path of our own, or the first page where the text is anything else. */
export function safeNext(text: string | null | undefined): string {
  // Browsers read a backslash as a slash and drop tabs and line ends, so `/\host` and `/<tab>/host` leave the site.
  if (!text || !/^\/(?![/\\])[^\\\s]*$/.test(text)) return "/";
  const url = new URL(text, "http://page");
  if (url.host !== "page" || /^\/(sign-in|set-up|api)(\/|$)/.test(url.pathname)) return "/";
  return url.pathname + url.search + url.hash;
}
