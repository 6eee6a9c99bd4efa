import { NotFound } from "./_features/shell/not-found";

/** An address that leads nowhere. */
export default function NotFoundPage() {
  return <NotFound />;
}
