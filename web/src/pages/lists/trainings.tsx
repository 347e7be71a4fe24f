/** `/trainings`: every training of the account. */
import { client } from "../../client.ts";
import { Empty } from "../../parts/empty.tsx";
import { Page } from "../../parts/page.tsx";
import { RunList } from "./run-list.tsx";

export function Trainings() {
  return (
    <Page title="Trainings">
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
