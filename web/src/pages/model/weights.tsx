/** What a version was trained to, and its weights to take along. */
import { useQuery } from "@tanstack/react-query";
import { WeightLinks } from "../../parts/weight-links.tsx";
import { cardQuery, useModel } from "./model-context.tsx";

export function Weights({ version }: { version: string }) {
  const { model } = useModel();
  // Only what was trained here has weights of its own, and a card.
  const { data: card } = useQuery(cardQuery(model.owner, model.name, version));
  if (card === undefined) return null;
  return (
    <div className="mt-4">
      <p className="mb-2 text-sm font-medium">
        {[
          card.technique?.replaceAll("_", " "),
          card.steps && `${card.steps} steps`,
          card.chosen?.by && `chosen by ${card.chosen.by}`,
          `says ${card.token_strings.join(", ")}`,
        ]
          .filter(Boolean)
          .join(" · ")}
      </p>
      <WeightLinks owner={model.owner} name={model.name} version={version} technique={card.technique} />
    </div>
  );
}
