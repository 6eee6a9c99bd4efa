import { Settings } from "@/app/_features/settings/settings";

export default function SettingsPage() {
  return <Settings />;
}
