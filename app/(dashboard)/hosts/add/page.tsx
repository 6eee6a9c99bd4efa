import { AddHostScreen } from "@/app/_features/hosts/add-host-screen";

export default function AddHostPage() {
  return <AddHostScreen />;
}
