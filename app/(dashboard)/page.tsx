import { Now } from "@/app/_features/now/now";

export default function NowPage() {
  return <Now />;
}
