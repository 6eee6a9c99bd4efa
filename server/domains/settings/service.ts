import type { Actor } from "@/server/domains/access/permissions";
import { AppError } from "@/server/lib/errors";
import type { Logger } from "@/server/lib/logger";
import type { SettingsRepo } from "./repo";
import { PublicUrl, type AddressTest, type SettingsView } from "./schema";

export const PUBLIC_URL_SETTING = "publicUrl";

export interface SettingsService {
  /** The origin that other hosts and browsers use: the environment's, else the setting, else a guess. */
  publicUrl(): string;
  /** Whether somebody decided on that origin, so that it is more than a guess. */
  isPublicUrlChosen(): boolean;
  view(): SettingsView;
  /** AppError conflict when the environment fixes it. */
  setPublicUrl(actor: Actor, url: string): Promise<void>;
  testAddress(url: string): Promise<AddressTest>;
  /** Reads the settings from the database anew, e.g. after a claim wrote one. */
  reload(): Promise<void>;
}

export interface SettingsDeps {
  repo: SettingsRepo;
  /** From BINNACLE_PUBLIC_URL. */
  fixedPublicUrl: string | null;
  /** What to say while nobody chose: an address of this machine, with the port it listens on. */
  guessPublicUrl(): string;
  testAddress(url: string): Promise<AddressTest>;
  version: string;
  pin: string;
  log: Logger;
}

/** Loads the settings and keeps them at hand; the database is written through. */
export async function createSettingsService(deps: SettingsDeps): Promise<SettingsService> {
  let chosen: string | null = null;
  const reload = async () => {
    const stored = PublicUrl.safeParse(await deps.repo.read(PUBLIC_URL_SETTING));
    chosen = stored.success ? new URL(stored.data).origin : null;
  };
  await reload();
  const publicUrl = () => deps.fixedPublicUrl ?? chosen ?? deps.guessPublicUrl();
  return {
    publicUrl,
    isPublicUrlChosen: () => (deps.fixedPublicUrl ?? chosen) !== null,
    view: () => ({ publicUrl: publicUrl(), publicUrlFixed: deps.fixedPublicUrl !== null, version: deps.version, pin: deps.pin }),
    async setPublicUrl(actor, url) {
      if (deps.fixedPublicUrl !== null) throw new AppError("conflict", "The address is set by BINNACLE_PUBLIC_URL. Change it there and start Binnacle again.");
      const { origin } = new URL(url);
      await deps.repo.write(PUBLIC_URL_SETTING, origin);
      deps.log.info({ user: actor.id, publicUrl: origin }, "public address changed");
      chosen = origin;
    },
    testAddress: deps.testAddress,
    reload,
  };
}
