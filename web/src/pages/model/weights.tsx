/** Trained weights to take along, in the form of each program that opens them. */
import { useQuery } from "@tanstack/react-query";
import { buttonClass } from "../../parts/button.tsx";
import { cardQuery, useModel } from "./model-context.tsx";

const FORMATS = [
  { format: "kohya", label: "ComfyUI, A1111" },
  { format: "diffusers", label: "diffusers" },
  { format: "checkpoint", label: "One whole checkpoint" },
  { format: "replicate", label: "Replicate's tar" },
] as const;

export function Weights({ version }: { version: string }) {
  const { model } = useModel();
  // Only what was trained here has weights of its own, and a card.
  const { data: card } = useQuery(cardQuery(model.owner, model.name, version));
  if (card === undefined) return null;
  const path = `/v1/models/${encodeURIComponent(model.owner)}/${encodeURIComponent(model.name)}/versions/${version}/weights`;
  return (
    <div className="mt-4">
      <p className="mb-2 text-sm font-medium">
        {[
          card.technique?.replaceAll("_", " "),
          card.steps && `${card.steps} steps`,
          `says ${card.token_strings.join(", ")}`,
        ]
          .filter(Boolean)
          .join(" · ")}
      </p>
      <ul className="flex flex-wrap gap-2">
        {FORMATS.map(({ format, label }) => (
          <li key={format}>
            <a href={`${path}?format=${format}`} download className={buttonClass("secondary", "small")}>
              {label}
            </a>
          </li>
        ))}
      </ul>
    </div>
  );
}
