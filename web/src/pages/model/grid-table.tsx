/** The pictures of the grid as they come: a row for each snapshot with what can be done with it, a column for each strength. */
import { isTerminal, type Training } from "@easel/contract";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { client } from "../../client.ts";
import { Picture } from "../../parts/picture.tsx";
import { PublishSnapshot } from "../../parts/publish-snapshot.tsx";
import { picturesOf } from "../../runs.ts";

export const SCALES = [0.5, 0.8, 1, 1.3];
const ASK_AGAIN_MS = 1500;

/** A picture that is asked for: its row, its column, and the prediction that draws it. */
export interface Cell {
  step: number;
  /** Null for the base. */
  scale: number | null;
  id: string;
}

interface GridTableProps {
  cells: Cell[];
  steps: number[];
  training: Training;
  /** The step of the version in view. */
  inView: number | undefined;
}

export function GridTable({ cells, steps, training, inView }: GridTableProps) {
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
              <th scope="row" className="px-2 text-left align-top text-sm font-medium">
                <span className="mb-2 block">step {step}</span>
                {step === inView ? (
                  <span className="font-normal text-soft">this version</span>
                ) : (
                  <PublishSnapshot training={training} step={step} />
                )}
              </th>
              {SCALES.map((scale) => {
                const cell = cells.find((one) => one.step === step && one.scale === scale);
                return <td key={scale}>{cell && <CellPicture id={cell.id} alt={`step ${step} at ${scale}`} />}</td>;
              })}
            </tr>
          ))}
          {base !== undefined && (
            <tr>
              <th scope="row" className="px-2 text-left align-top text-sm font-medium">
                the base
              </th>
              <td>
                <CellPicture id={base.id} alt="the base" />
              </td>
            </tr>
          )}
        </tbody>
      </table>
    </div>
  );
}

function CellPicture({ id, alt }: { id: string; alt: string }) {
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
