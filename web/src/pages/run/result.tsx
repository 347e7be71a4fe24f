/** What a training came to: pictures drawn from the finished weights, why these weights, and what to do with them. */
import { ModelCard, parseReference, type RunFile, type Training } from "@easel/contract";
import { useQuery } from "@tanstack/react-query";
import { localPath } from "../../client.ts";
import { Card } from "../../parts/card.tsx";
import { DrawForm } from "../../parts/draw-form.tsx";
import { Picture } from "../../parts/picture.tsx";
import { WeightLinks } from "../../parts/weight-links.tsx";
import type { Story } from "../../story.ts";
import type { Shown } from "./run.tsx";
import { TrainAgain } from "./train-again.tsx";

export function Result({ run, story, isReadOnly }: Shown<Training> & { story: Story }) {
  const { owner = "", name = "", version = "" } = parseReference(run.output?.version ?? "") ?? {};
  const card = useCard(story.artifacts.findLast((file) => file.name === "model_card.json"));
  const pictures = story.artifacts.filter((file) => file.contentType.startsWith("image/"));
  return (
    <Card title="Trained" actions={!isReadOnly && <TrainAgain run={run} look="quiet" />}>
      <div className="grid gap-6 lg:grid-cols-2">
        <div className="flex flex-col gap-3">
          <ul className="grid grid-cols-[repeat(auto-fill,minmax(8rem,1fr))] gap-3">
            {pictures.map((file) => (
              <li key={file.url}>
                <Picture url={file.url} alt={`Drawn with ${run.destination}`} className="aspect-square" />
              </li>
            ))}
          </ul>
          {card?.chosen && (
            <p className="text-sm text-soft">
              <span className="font-medium text-ink">The weights as of step {card.chosen.step}.</span>{" "}
              {card.chosen.reason}
            </p>
          )}
        </div>
        {!isReadOnly && (
          <div className="flex min-w-0 flex-col gap-6">
            <DrawForm owner={owner} name={name} />
            <div>
              <h3 className="mb-2 text-sm font-semibold">Download the weights</h3>
              <WeightLinks owner={owner} name={name} version={version} technique={card?.technique} />
            </div>
          </div>
        )}
      </div>
    </Card>
  );
}

function useCard(file: RunFile | undefined) {
  const { data } = useQuery({
    queryKey: ["card", file?.sha256],
    queryFn: async () => ModelCard.parse(await (await fetch(localPath(file?.url ?? ""))).json()),
    enabled: file !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
  });
  return data;
}
