"use client";
import type { ReactNode } from "react";
import type { IntlError } from "use-intl";
import { IntlProvider } from "use-intl";
import type { Messages } from "./catalogue";
import type { Locale } from "./locales";

// A text that cannot be built is a fault of ours: said in the console, and the key stands on the page.
const report = (error: IntlError) => console.error(error);

/** Gives every component below the texts of one language. */
export function I18nProvider({ locale, messages, children }: { locale: Locale; messages: Messages; children: ReactNode }) {
  return (
    // Times are formatted by app/_ui/format in the browser's own zone; this one only keeps the server's rendering defined.
    <IntlProvider locale={locale} messages={messages} timeZone="UTC" onError={report}>
      {children}
    </IntlProvider>
  );
}
