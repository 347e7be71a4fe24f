/** Which snapshot, at which strength? One prompt and one seed, drawn by each; the base beside them. The best is published. */
import { ApiError, type RunInput, type Training } from "@easel/contract";
import { skipToken, useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { client, queries } from "../../client.ts";
import { plainInput } from "../../form-values.ts";
import { Button } from "../../parts/button.tsx";
import { Card } from "../../parts/card.tsx";
import { Empty } from "../../parts/empty.tsx";
import { TextField } from "../../parts/field.tsx";
import { ErrorNotice } from "../../parts/notice.tsx";
import { type Snapshot, snapshotsQuery } from "../../snapshots.ts";
import { withoutTraining } from "./base-input.ts";
import { type Cell, GridTable, SCALES } from "./grid-table.tsx";
import { useCard, useModel } from "./model-context.tsx";

const SNAPSHOTS_MAX = 5;

interface Drawn {
  prompt: string;
  cells: Cell[];
}

/** What was drawn last is kept: a click on a picture, or a new version, is not the end of the comparison. */
const KEPT = Number.POSITIVE_INFINITY;
const drawnKey = (training: string) => ["grids", training];

export function Grid() {
  const { version } = useModel();
  const { data: card, error } = useCard();
  const id = card?.training ?? undefined;
  const training = useQuery({
    queryKey: ["trainings", id],
    queryFn: id === undefined ? skipToken : () => client.trainings.get(id),
  });
  const snapshots = useQuery({ ...snapshotsQuery(id ?? ""), enabled: id !== undefined });
  const hasNoCard = error instanceof ApiError && error.status === 404;
  const failure = (hasNoCard ? null : error) ?? training.error ?? snapshots.error;
  if (failure !== null) return <ErrorNotice error={failure} />;
  const isUntrained = version === null || hasNoCard || (card !== undefined && id === undefined);
  if (isUntrained || snapshots.data?.length === 0) {
    return (
      <Empty title="No snapshots of this version are here">
        A training keeps up to ten snapshots on its way. Those of a version that was trained in this account are
        compared here.
      </Empty>
    );
  }
  if (training.data === undefined || snapshots.data === undefined) return <p className="text-soft">Loading…</p>;
  return <Snapshots training={training.data} snapshots={spread(snapshots.data)} />;
}

function Snapshots({ training, snapshots }: { training: Training; snapshots: Snapshot[] }) {
  const { fields, values, version } = useModel();
  const { data: card } = useCard();
  const { data: drawn } = useQuery<Drawn>({ queryKey: drawnKey(training.id), queryFn: skipToken, gcTime: KEPT });
  const usual = plainInput(fields, values).prompt ?? drawn?.prompt ?? card?.prompts[0]?.prompt ?? "";
  const [prompt, setPrompt] = useState(String(usual));
  const draw = useMutation({
    mutationFn: async (): Promise<Drawn> => {
      const input: RunInput = { ...plainInput(fields, values), ...(prompt === "" ? {} : { prompt }), num_outputs: 1 };
      const seeded: RunInput = { ...input, seed: input.seed ?? Math.floor(Math.random() * 2 ** 31) };
      const ask = async (step: number, scale: number | null, asked: RunInput): Promise<Cell> => {
        const { id } = await client.predictions.create({ version: version?.id ?? "", input: asked });
        return { step, scale, id };
      };
      const base = ask(0, null, withoutTraining(fields, seeded, card?.token_strings ?? []));
      const cells = snapshots.flatMap(({ step, url }) =>
        SCALES.map((scale) => ask(step, scale, { ...seeded, replicate_weights: url, lora_scale: scale })),
      );
      return { prompt, cells: await Promise.all([base, ...cells]) };
    },
    onSuccess: (made) => {
      queries.setQueryData(drawnKey(training.id), made);
      queries.invalidateQueries({ queryKey: ["predictions"], exact: true });
    },
  });
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
      {drawn !== undefined && (
        <GridTable
          cells={drawn.cells}
          steps={snapshots.map(({ step }) => step)}
          training={training}
          inView={card?.steps}
        />
      )}
    </Card>
  );
}

/** At most five of them, the first and the last among them. */
function spread(snapshots: Snapshot[]): Snapshot[] {
  const last = snapshots.length - 1;
  if (last < SNAPSHOTS_MAX) return snapshots;
  const places = Array.from({ length: SNAPSHOTS_MAX }, (_, place) => Math.round((place * last) / (SNAPSHOTS_MAX - 1)));
  return snapshots.filter((_, place) => places.includes(place));
}
