/** The card with a run's log, and the way to the whole of it. */
import type { Prediction, Training } from "@easel/contract";
import { buttonClass } from "../../parts/button.tsx";
import { Card } from "../../parts/card.tsx";
import type { Story } from "../../story.ts";
import { Log } from "./log.tsx";

interface RunLogProps {
  run: Training | Prediction;
  story: Story;
  isReadOnly: boolean;
}

export function RunLog({ run, story, isReadOnly }: RunLogProps) {
  const whole = !isReadOnly && (
    <a href={`/v1/runs/${run.id}/logs`} download={`${run.id}.log`} className={buttonClass("quiet", "small")}>
      Download
    </a>
  );
  return (
    <Card title="Log" actions={whole}>
      <Log lines={story.log} count={story.log.length} />
    </Card>
  );
}
