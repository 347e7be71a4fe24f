import { ErrorNotice } from "./notice.tsx";
import { Page } from "./page.tsx";

/** What stands in a page's place when drawing it has failed. */
export function PageError({ error }: { error: unknown }) {
  return (
    <Page title="Something went wrong">
      <ErrorNotice error={error} />
    </Page>
  );
}
