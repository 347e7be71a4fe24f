/** `/trainings`: every training of the account. */
import { Link } from "@tanstack/react-router";
import { client } from "../../client.ts";
import { buttonClass } from "../../parts/button.tsx";
import { Empty } from "../../parts/empty.tsx";
import { Page } from "../../parts/page.tsx";
import { RunList } from "./run-list.tsx";

export function Trainings() {
  const start = (
    <Link to="/create" className={buttonClass("primary")}>
      New training
    </Link>
  );
  return (
    <Page title="Trainings" actions={start}>
      <RunList
        name="trainings"
        list={client.trainings.list}
        empty={
          <Empty title="No trainings yet">Bring 5 to 20 pictures of a person, a thing or a style and start one.</Empty>
        }
      />
    </Page>
  );
}
