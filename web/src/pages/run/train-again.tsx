/** The way from a training that has ended to another with the same inputs, put into the form to be changed. */
import type { Training } from "@easel/contract";
import { Link } from "@tanstack/react-router";
import { buttonClass } from "../../parts/button.tsx";
import { namesOf } from "../../runs.ts";

export function TrainAgain({ run, look }: { run: Training; look: "secondary" | "quiet" }) {
  return (
    <Link
      to="/$owner/$name/train"
      params={namesOf(run.model)}
      search={{ from: run.id }}
      className={buttonClass(look, "small")}
    >
      Train again with changes
    </Link>
  );
}
