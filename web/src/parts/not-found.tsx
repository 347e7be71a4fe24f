import { Link } from "@tanstack/react-router";
import { buttonClass } from "./button.tsx";
import { Page } from "./page.tsx";

export function NotFound() {
  return (
    <Page
      title="There is no such page"
      lead="What this address named is gone, has another name, or belongs to another account."
    >
      <Link to="/" className={buttonClass("primary")}>
        To the first page
      </Link>
    </Page>
  );
}
