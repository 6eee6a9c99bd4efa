import { ContainerPage } from "@/app/_features/containers/container-page";

export default function OneContainerPage() {
  return <ContainerPage />;
}
