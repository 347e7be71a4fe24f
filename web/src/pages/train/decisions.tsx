/** The decisions of a training besides its images: where it goes, its word, what it is about, how thorough. */
import type { InputField, Model } from "@easel/contract";
import type { FieldErrors, FormValue, FormValues } from "../../form-values.ts";
import { Choice } from "../../parts/choice.tsx";
import { SelectField, TextField } from "../../parts/field.tsx";
import { aboutInWords } from "../../parts/time.tsx";
import type { Draft } from "./draft.ts";
import { PRESETS, presetOf, stepsOf } from "./presets.ts";

interface DecisionsProps {
  draft: Draft;
  change: (some: Partial<Draft>) => void;
  fields: InputField[];
  account: string;
  models: Model[];
  errors: FieldErrors;
  /** Seconds for a number of steps; undefined where that is not known. */
  secondsOf: (steps: number) => number | undefined;
}

const SUBJECT_HINTS: Record<string, string> = {
  style: "how things are drawn",
  object: "one thing, or an animal",
  person: "one face",
};

/** Of a thing it matters what it is taken for at first; a style and a person have good words by default. */
export function showsThing(fields: InputField[], values: FormValues): boolean {
  const field = (name: string) => fields.find((one) => one.name === name);
  return field("initial_word") !== undefined && (values.subject ?? field("subject")?.default) === "object";
}

export function Decisions({ draft, change, fields, account, models, errors, secondsOf }: DecisionsProps) {
  const field = (name: string) => fields.find((one) => one.name === name);
  const { values } = draft;
  const give = (name: string, value: FormValue) => change({ values: { ...values, [name]: value } });
  const defaultSteps = Number(field("max_train_steps")?.default ?? 1000);
  const steps = values.max_train_steps === undefined ? String(defaultSteps) : String(values.max_train_steps);
  const token = field("token_string");
  const subject = field("subject");
  const wordOf = (count: number) => {
    const seconds = secondsOf(count);
    return seconds === undefined ? `${count} steps` : `about ${aboutInWords(seconds)}`;
  };
  return (
    <div className="flex flex-col gap-6">
      <div className="grid gap-4 sm:grid-cols-2">
        <SelectField
          label="Model"
          hint="What it learns becomes a version of this model."
          value={draft.destination}
          onChange={(destination) => change({ destination })}
          options={[
            { value: "", label: "A new one" },
            ...models.map(({ owner, name }) => ({ value: `${owner}/${name}`, label: `${owner}/${name}` })),
          ]}
        />
        {draft.destination === "" && (
          <TextField
            label="Name of the new model"
            hint={`It will be ${account}/${draft.newName || "…"}`}
            error={errors.name}
            placeholder="my-toys"
            value={draft.newName}
            onChange={(name) => change({ newName: name.toLowerCase().replace(/[^a-z0-9._-]+/g, "-") })}
          />
        )}
      </div>
      {token !== undefined && (
        <TextField
          label="Word"
          hint="What you will write in prompts for what it has learnt. A word that means nothing else."
          error={errors.token_string}
          placeholder={String(token.default ?? "")}
          value={String(values.token_string ?? "")}
          onChange={(value) => give("token_string", value || undefined)}
        />
      )}
      {subject?.choices !== undefined && (
        <Choice
          label="What the images show"
          value={String(values.subject ?? subject.default ?? "")}
          onChange={(value) => give("subject", value)}
          options={subject.choices.map((value) => ({
            value,
            label: value.charAt(0).toUpperCase() + value.slice(1),
            hint: SUBJECT_HINTS[value],
          }))}
        />
      )}
      {showsThing(fields, values) && (
        <TextField
          label="What it is"
          hint="A word or two that the base knows: it starts from there. Teddy bear, say, or sneaker."
          error={errors.initial_word}
          placeholder={String(field("initial_word")?.default ?? "")}
          value={String(values.initial_word ?? "")}
          onChange={(value) => give("initial_word", value || undefined)}
        />
      )}
      <Choice
        label="How thorough"
        value={presetOf(Number(steps), defaultSteps) ?? ""}
        onChange={(value) => {
          const preset = PRESETS.find((one) => one.value === value);
          if (preset) give("max_train_steps", String(stepsOf(preset.value, defaultSteps)));
        }}
        options={PRESETS.map(({ value, label, hint }) => ({
          value,
          label,
          hint: `${hint}, ${wordOf(stepsOf(value, defaultSteps))}`,
        }))}
      />
      <TextField
        label="Steps"
        hint="More is not always better: too many, and it draws your images again whatever you ask for."
        error={errors.max_train_steps}
        type="number"
        inputMode="numeric"
        min={1}
        value={steps}
        onChange={(text) => give("max_train_steps", text)}
      />
    </div>
  );
}
