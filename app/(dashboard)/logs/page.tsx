import { LogsScreen } from "@/app/_features/logs/logs-screen";

export default function LogsPage() {
  return <LogsScreen />;
}
