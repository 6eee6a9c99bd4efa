import { HostsScreen } from "@/app/_features/hosts/hosts-screen";

export default function HostsPage() {
  return <HostsScreen />;
}
