import type { Metadata, Viewport } from "next";
import { cookies, headers } from "next/headers";
import type { ReactNode } from "react";
import { isTheme, THEME_COOKIE } from "./_features/preferences/preferences";
import { CATALOGUES } from "./_i18n/catalogue";
import { I18nProvider } from "./_i18n/i18n-provider";
import { LOCALE_COOKIE, resolveLocale } from "./_i18n/locales";
import { ApiProvider } from "./_trpc/api-provider";
import { KeysListener } from "./_ui/keys";
import "./globals.css";

export const metadata: Metadata = {
  // Nothing here is for a search engine, and no address of a private page leaks through a link.
  robots: { index: false, follow: false },
  referrer: "same-origin",
  icons: { icon: "/mark.svg" },
};
export const viewport: Viewport = {
  width: "device-width",
  initialScale: 1,
  themeColor: [
    { media: "(prefers-color-scheme: light)", color: "#f4f6f8" },
    { media: "(prefers-color-scheme: dark)", color: "#0b1117" },
  ],
};

/** Every page: the language and colours that the person chose, known before the first byte, so nothing flashes. */
export default async function RootLayout({ children }: { children: ReactNode }) {
  const [jar, head] = await Promise.all([cookies(), headers()]);
  const locale = resolveLocale(jar.get(LOCALE_COOKIE)?.value, head.get("accept-language"));
  const theme = jar.get(THEME_COOKIE)?.value;
  return (
    <html lang={locale} {...(isTheme(theme) && theme !== "system" ? { "data-theme": theme } : {})}>
      <body>
        <I18nProvider locale={locale} messages={CATALOGUES[locale]}>
          <ApiProvider>
            {children}
            <KeysListener />
          </ApiProvider>
        </I18nProvider>
      </body>
    </html>
  );
}
