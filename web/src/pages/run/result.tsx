/** What a training came to: pictures drawn from the finished weights, why these weights, and what to do with them. */
import { type RunFile, type Training, WeightsFormat } from "@easel/contract";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { z } from "zod";
import { localPath } from "../../client.ts";
import { buttonClass } from "../../parts/button.tsx";
import { Card } from "../../parts/card.tsx";
import { DrawForm } from "../../parts/draw-form.tsx";
import { Picture } from "../../parts/picture.tsx";
import type { Shown } from "./run.tsx";
import type { Story } from "./story.ts";

const FORMATS: Record<WeightsFormat, { label: string; reader: string }> = {
  replicate: { label: "Replicate's tar", reader: "Easel and Replicate, as they were trained" },
  diffusers: { label: "diffusers", reader: "a LoRA and the words, for Python" },
  kohya: { label: "kohya", reader: "ComfyUI, A1111, Forge" },
  checkpoint: { label: "whole checkpoint", reader: "the same, everything in one large file" },
};

/** What the model card says of the choice among snapshots. */
const ModelCard = z.object({ chosen: z.object({ step: z.number(), reason: z.string() }) });

export function Result({ run, story, isReadOnly }: Shown<Training> & { story: Story }) {
  const [, owner = "", name = "", version = ""] = /^(.+?)\/(.+?):(.+)$/.exec(run.output?.version ?? "") ?? [];
  const pictures = story.artifacts.filter((file) => file.contentType.startsWith("image/"));
  return (
    <Card
      title="Trained"
      actions={
        !isReadOnly && (
          <Link
            to="/$owner/$name/train"
            params={splitName(run.model)}
            search={{ from: run.id }}
            className={buttonClass("quiet", "small")}
          >
            Train again with changes
          </Link>
        )
      }
    >
      <div className="grid gap-6 lg:grid-cols-2">
        <div className="flex flex-col gap-3">
          <ul className="grid grid-cols-[repeat(auto-fill,minmax(8rem,1fr))] gap-3">
            {pictures.map((file) => (
              <li key={file.url}>
                <Picture url={file.url} alt={`Drawn with ${run.destination}`} className="aspect-square" />
              </li>
            ))}
          </ul>
          <Chosen card={story.artifacts.findLast((file) => file.name === "model_card.json")} />
        </div>
        {!isReadOnly && (
          <div className="flex min-w-0 flex-col gap-6">
            <DrawForm owner={owner} name={name} />
            <div>
              <h3 className="mb-2 text-sm font-semibold">Download the weights</h3>
              <ul className="flex flex-col gap-1 text-sm">
                {WeightsFormat.options.map((format) => (
                  <li key={format}>
                    <a
                      href={`/v1/models/${owner}/${name}/versions/${version}/weights?format=${format}`}
                      download
                      className="font-medium text-accent underline underline-offset-2"
                    >
                      {FORMATS[format].label}
                    </a>{" "}
                    <span className="text-soft">{FORMATS[format].reader}</span>
                  </li>
                ))}
              </ul>
            </div>
          </div>
        )}
      </div>
    </Card>
  );
}

function Chosen({ card }: { card: RunFile | undefined }) {
  const { data } = useQuery({
    queryKey: ["card", card?.sha256],
    queryFn: async () => ModelCard.safeParse(await (await fetch(localPath(card?.url ?? ""))).json()).data ?? null,
    enabled: card !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (!data) return null;
  return (
    <p className="text-sm text-soft">
      <span className="font-medium text-ink">The weights as of step {data.chosen.step}.</span> {data.chosen.reason}
    </p>
  );
}

function splitName(model: string): { owner: string; name: string } {
  const [owner = "", name = ""] = model.split("/");
  return { owner, name };
}
