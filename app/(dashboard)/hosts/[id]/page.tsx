import { HostPage } from "@/app/_features/hosts/host-page";

export default function OneHostPage() {
  return <HostPage />;
}
