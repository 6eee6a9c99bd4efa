import { ContainersScreen } from "@/app/_features/containers/containers-screen";

export default function ContainersPage() {
  return <ContainersScreen />;
}
