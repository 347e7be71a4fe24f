/** What a training drew on its way, on fixed seeds: a slider over the steps shows how it came about. */
import { type ReactNode, useState } from "react";
import { RangeField } from "../../parts/field.tsx";
import { Picture } from "../../parts/picture.tsx";
import type { Sample } from "../../story.ts";

interface SamplesProps {
  /** By step. */
  samples: Map<number, Sample[]>;
  /** What can be done with the step in view. */
  action: (step: number) => ReactNode;
}

/** Follows the newest while the slider stands at its end. */
export function Samples({ samples, action }: SamplesProps) {
  const steps = [...samples.keys()].sort((a, b) => a - b);
  const [chosen, setChosen] = useState<number>();
  const index = chosen === undefined || chosen >= steps.length ? steps.length - 1 : chosen;
  const step = steps[index] ?? 0;
  return (
    <div className="flex flex-col gap-4">
      <ul className="grid grid-cols-[repeat(auto-fill,minmax(8.5rem,1fr))] gap-3">
        {(samples.get(step) ?? []).map((sample) => (
          <li key={`${sample.prompt} ${sample.seed}`}>
            <figure>
              <Picture url={sample.file.url} alt={`${sample.prompt}, after ${step} steps`} className="aspect-square" />
              <figcaption className="mt-1 text-xs break-words text-soft">{sample.prompt}</figcaption>
            </figure>
          </li>
        ))}
      </ul>
      {steps.length > 1 && (
        <RangeField
          label="Step"
          shown={`${step} of ${steps.at(-1)}`}
          min={0}
          max={steps.length - 1}
          step={1}
          value={index}
          onChange={(next) => setChosen(next === steps.length - 1 ? undefined : next)}
        />
      )}
      <div className="empty:hidden">{action(step)}</div>
    </div>
  );
}
