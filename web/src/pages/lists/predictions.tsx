/** `/predictions`: every prediction of the account. */
import { Link } from "@tanstack/react-router";
import { client } from "../../client.ts";
import { buttonClass } from "../../parts/button.tsx";
import { Empty } from "../../parts/empty.tsx";
import { Page } from "../../parts/page.tsx";
import { RunList } from "./run-list.tsx";

export function Predictions() {
  return (
    <Page title="Predictions">
      <RunList
        name="predictions"
        list={client.predictions.list}
        empty={
          <Empty
            title="No predictions yet"
            actions={
              <Link to="/$owner/$name" params={{ owner: "easel", name: "emoji-3d" }} className={buttonClass("primary")}>
                Try easel/emoji-3d
              </Link>
            }
          >
            A prediction is one call of a model: a prompt in, a picture out.
          </Empty>
        }
      />
    </Page>
  );
}
