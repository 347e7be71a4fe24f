/** Which snapshot, at which strength? One prompt and one seed, drawn by each; the base beside them. */
import { isTerminal, type RunFile, type RunInput } from "@easel/contract";
import { useMutation, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { client, queries } from "../../client.ts";
import { plainInput } from "../../form-values.ts";
import { Button } from "../../parts/button.tsx";
import { Card } from "../../parts/card.tsx";
import { Empty } from "../../parts/empty.tsx";
import { TextField } from "../../parts/field.tsx";
import { ErrorNotice } from "../../parts/notice.tsx";
import { Picture } from "../../parts/picture.tsx";
import { picturesOf, trainingsQuery } from "../../runs.ts";
import { useStory } from "../run/use-story.ts";
import { withoutTraining } from "./base-input.ts";
import { useCard, useModel } from "./model-context.tsx";

const SCALES = [0.5, 0.8, 1, 1.3];
const SNAPSHOTS_MAX = 5;
const ASK_AGAIN_MS = 1500;

/** A picture that is asked for: its row, its column, and the prediction that draws it. */
interface Cell {
  step: number;
  /** Null for the base. */
  scale: number | null;
  id: string;
}

export function Grid() {
  const { reference, version } = useModel();
  const { data } = useQuery(trainingsQuery);
  const training = data?.results.find(({ output }) => output?.version === `${reference}:${version?.id}`);
  if (data === undefined) return <p className="text-soft">Loading…</p>;
  if (training === undefined) {
    return (
      <Empty title="No snapshots of this version are here">
        A training keeps up to ten snapshots on its way. Those of a version that was trained in this account are
        compared here.
      </Empty>
    );
  }
  return <Snapshots training={training.id} />;
}

function Snapshots({ training }: { training: string }) {
  const { story } = useStory(client, training);
  const snapshots = spread([...story.snapshots.entries()].toSorted(([a], [b]) => a - b));
  const { fields, values, version } = useModel();
  const card = useCard();
  const [prompt, setPrompt] = useState(String(plainInput(fields, values).prompt ?? card?.prompts[0]?.prompt ?? ""));
  const draw = useMutation({
    mutationFn: async (): Promise<Cell[]> => {
      const input: RunInput = { ...plainInput(fields, values), ...(prompt === "" ? {} : { prompt }), num_outputs: 1 };
      const seeded: RunInput = { ...input, seed: input.seed ?? Math.floor(Math.random() * 2 ** 31) };
      const ask = async (step: number, scale: number | null, asked: RunInput): Promise<Cell> => {
        const { id } = await client.predictions.create({ version: version?.id ?? "", input: asked });
        return { step, scale, id };
      };
      const base = ask(0, null, withoutTraining(fields, seeded, card?.token_strings ?? []));
      const cells = snapshots.flatMap(([step, file]) =>
        SCALES.map((scale) => ask(step, scale, { ...seeded, replicate_weights: file.url, lora_scale: scale })),
      );
      return Promise.all([base, ...cells]);
    },
    onSuccess: () => queries.invalidateQueries({ queryKey: ["predictions"], exact: true }),
  });
  if (snapshots.length === 0) return <p className="text-soft">Looking for its snapshots…</p>;
  return (
    <Card title="Snapshots and strengths">
      <form
        className="mb-6 grid items-end gap-3 sm:grid-cols-[1fr_auto]"
        onSubmit={(event) => {
          event.preventDefault();
          draw.mutate();
        }}
      >
        <TextField
          label="Prompt"
          hint={`${snapshots.length * SCALES.length + 1} pictures, all from one seed.`}
          value={prompt}
          onChange={setPrompt}
        />
        <Button type="submit" look="primary" busy={draw.isPending} className="sm:mb-5">
          Draw them
        </Button>
      </form>
      {draw.isError && <ErrorNotice error={draw.error} />}
      {draw.data !== undefined && <Table cells={draw.data} steps={snapshots.map(([step]) => step)} />}
    </Card>
  );
}

function Table({ cells, steps }: { cells: Cell[]; steps: number[] }) {
  const base = cells.find(({ scale }) => scale === null);
  return (
    <div className="overflow-x-auto">
      <table className="border-separate border-spacing-2">
        <caption className="sr-only">A picture for each snapshot and each strength of its LoRA</caption>
        <thead>
          <tr className="text-sm text-soft">
            <th scope="col" className="px-2 text-left font-medium">
              Snapshot
            </th>
            {SCALES.map((scale) => (
              <th key={scale} scope="col" className="font-medium">
                at {scale}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {steps.map((step) => (
            <tr key={step}>
              <th scope="row" className="px-2 text-left text-sm font-medium whitespace-nowrap">
                step {step}
              </th>
              {SCALES.map((scale) => {
                const cell = cells.find((one) => one.step === step && one.scale === scale);
                return <td key={scale}>{cell && <Drawn id={cell.id} alt={`step ${step} at ${scale}`} />}</td>;
              })}
            </tr>
          ))}
          {base !== undefined && (
            <tr>
              <th scope="row" className="px-2 text-left text-sm font-medium">
                the base
              </th>
              <td>
                <Drawn id={base.id} alt="the base" />
              </td>
            </tr>
          )}
        </tbody>
      </table>
    </div>
  );
}

function Drawn({ id, alt }: { id: string; alt: string }) {
  const { data } = useQuery({
    queryKey: ["predictions", id],
    queryFn: () => client.predictions.get(id),
    refetchInterval: ({ state }) => (state.data && isTerminal(state.data.status) ? false : ASK_AGAIN_MS),
  });
  const [url] = data === undefined ? [] : picturesOf(data);
  return (
    <Link to="/p/$id" params={{ id }} className="block size-24 overflow-hidden rounded-md bg-sunken sm:size-32">
      {url === undefined ? (
        <span className="flex size-full items-center justify-center text-xs text-soft">{data?.status ?? "asked"}</span>
      ) : (
        <Picture url={url} alt={alt} />
      )}
    </Link>
  );
}

/** At most five of them, the first and the last among them. */
function spread(snapshots: [number, RunFile][]): [number, RunFile][] {
  const last = snapshots.length - 1;
  if (last < SNAPSHOTS_MAX) return snapshots;
  const places = Array.from({ length: SNAPSHOTS_MAX }, (_, place) => Math.round((place * last) / (SNAPSHOTS_MAX - 1)));
  return snapshots.filter((_, place) => places.includes(place));
}
