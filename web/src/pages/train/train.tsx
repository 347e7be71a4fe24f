import { Page } from "../../parts/page.tsx";
export function CreatePage() {
  return <Page title="New training">…</Page>;
}
export function TrainPage() {
  return <CreatePage />;
}
