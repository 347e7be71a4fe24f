/** Trained weights to take along, in the form of each program that opens them. */
import type { WeightsFormat } from "@easel/contract";
import { buttonClass } from "./button.tsx";

const FORMATS: { format: WeightsFormat; label: string; hint: string; ofWholeModel: boolean }[] = [
  {
    format: "kohya",
    label: "ComfyUI, A1111",
    hint: "a LoRA with its words, as kohya's tools write it",
    ofWholeModel: false,
  },
  { format: "diffusers", label: "diffusers", hint: "a LoRA and its words, for Python", ofWholeModel: false },
  {
    format: "checkpoint",
    label: "One whole checkpoint",
    hint: "the base with what was learnt in it, one large file",
    ofWholeModel: true,
  },
  { format: "replicate", label: "Replicate's tar", hint: "as it was trained", ofWholeModel: true },
];

interface WeightLinksProps {
  owner: string;
  name: string;
  version: string;
  /** As the model card names it: what dreambooth trained is a whole model, and no LoRA can be made of it. */
  technique: string | undefined;
}

export function WeightLinks({ owner, name, version, technique }: WeightLinksProps) {
  const path = `/v1/models/${encodeURIComponent(owner)}/${encodeURIComponent(name)}/versions/${version}/weights`;
  return (
    <ul className="flex flex-wrap gap-2">
      {FORMATS.filter(({ ofWholeModel }) => ofWholeModel || technique !== "dreambooth").map(
        ({ format, label, hint }) => (
          <li key={format}>
            <a href={`${path}?format=${format}`} download title={hint} className={buttonClass("secondary", "small")}>
              {label}
            </a>
          </li>
        ),
      )}
    </ul>
  );
}
