import { SetUp } from "@/app/_features/auth/set-up";

export default function SetUpPage() {
  return <SetUp />;
}
