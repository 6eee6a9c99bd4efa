import type { Messages } from "./catalogue";
import type { Locale } from "./locales";

// Makes a key that no catalogue has a type error.
declare module "use-intl" {
  interface AppConfig {
    Locale: Locale;
    Messages: Messages;
  }
}
