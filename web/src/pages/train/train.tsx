/** `/create` and `/{owner}/{name}/train`: from images to a training that runs. */
import { type InputField, type Model, readInputFields, type Training } from "@easel/contract";
import { useQuery } from "@tanstack/react-query";
import { useParams, useSearch } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { client, localPath } from "../../client.ts";
import { valuesOf } from "../../form-values.ts";
import { basesQuery, modelsQuery } from "../../models.ts";
import { SelectField } from "../../parts/field.tsx";
import { NotFound } from "../../parts/not-found.tsx";
import { ErrorNotice, Notice } from "../../parts/notice.tsx";
import { Page } from "../../parts/page.tsx";
import { type Draft, EMPTY } from "./draft.ts";
import { Edits } from "./edits.ts";
import sample from "./sample.ts";
import { TrainForm } from "./train-form.tsx";

/** What a training is started on when nothing else is said: it needs no GPU and no download. */
const FIRST_BASE = "easel/emoji";

export function CreatePage() {
  const models = useQuery(modelsQuery);
  const [chosen, setChosen] = useState<string>();
  const bases = models.data?.filter(canTrain) ?? [];
  const base = bases.find((model) => nameOf(model) === (chosen ?? FIRST_BASE)) ?? bases[0];
  const known = useQuery(basesQuery).data?.results;
  const isMissing = (model: Model) => known?.some((one) => one.model === nameOf(model) && !one.installed);
  const choice = bases.length > 1 && base !== undefined && (
    <div className="max-w-64">
      <SelectField
        label="Trained on"
        value={nameOf(base)}
        onChange={setChosen}
        options={bases.map((model) => ({
          value: nameOf(model),
          label: isMissing(model) ? `${nameOf(model)} (not installed)` : nameOf(model),
        }))}
      />
    </div>
  );
  return <Trainer base={base} models={models.data} error={models.error} choice={choice} />;
}

export function TrainPage() {
  const { owner, name } = useParams({ from: "/$owner/$name/train" });
  const models = useQuery(modelsQuery);
  const base = models.data?.find((model) => model.owner === owner && model.name === name);
  if (models.data !== undefined && base === undefined) return <NotFound />;
  if (base !== undefined && !canTrain(base)) {
    return (
      <Page title={`Train ${owner}/${name}`}>
        <Notice title="This model cannot be trained">
          It is what a training gave, or only draws. Trainings begin on a base, such as {FIRST_BASE}.
        </Notice>
      </Page>
    );
  }
  return <Trainer base={base} models={models.data} error={models.error} choice={null} />;
}

interface TrainerProps {
  base: Model | undefined;
  models: Model[] | undefined;
  error: unknown;
  choice: ReactNode;
}

/** Waits for what the form begins with. */
function Trainer({ base, models, error, choice }: TrainerProps) {
  const search = useSearch({ strict: false });
  const known = useQuery(basesQuery).data?.results.find((one) => base !== undefined && one.model === nameOf(base));
  const from = useQuery({
    queryKey: ["draft from", search.from, base && nameOf(base)],
    queryFn: async () =>
      draftFrom(await client.trainings.get(search.from ?? ""), base === undefined ? [] : fieldsOf(base)),
    enabled: search.from !== undefined && base !== undefined,
  });
  const failure = error ?? from.error;
  if (failure !== null) {
    return (
      <Page title="New training">
        <ErrorNotice error={failure} />
      </Page>
    );
  }
  if (base === undefined || models === undefined || (search.from !== undefined && from.data === undefined)) {
    return <Page title="New training">{null}</Page>;
  }
  const start = search.sample ? { ...EMPTY, newName: "fluent-3d", archive: sample } : from.data;
  return (
    <TrainForm
      key={`${nameOf(base)} ${search.from ?? ""} ${search.sample ?? ""}`}
      base={base}
      fields={fieldsOf(base)}
      models={models}
      start={start}
      choice={choice}
      missing={known?.installed === false ? known : undefined}
    />
  );
}

function fieldsOf({ latest_version }: Model): InputField[] {
  return (latest_version && readInputFields(latest_version, "TrainingInput")) ?? [];
}

function canTrain(model: Model): boolean {
  return fieldsOf(model).length > 0;
}

function nameOf({ owner, name }: Model): string {
  return `${owner}/${name}`;
}

/** A training's inputs, to begin another one with. Its edits are a file by now. */
async function draftFrom({ input, destination }: Training, fields: InputField[]): Promise<Draft> {
  const { input_images, edits, ...others } = input;
  const archive = typeof input_images === "string" ? { url: input_images, name: "the same images" } : undefined;
  return { destination, newName: "", values: valuesOf(fields, others), edits: await readEdits(edits), archive };
}

async function readEdits(edits: unknown): Promise<Edits> {
  if (typeof edits !== "string") return Edits.catch({}).parse(edits);
  const reply = await fetch(`${localPath(edits)}/download`);
  return reply.ok ? Edits.catch({}).parse(await reply.json()) : {};
}
