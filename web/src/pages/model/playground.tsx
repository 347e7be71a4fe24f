/** The playground: the version's inputs as a form, what comes of them beside it, and what came before. */
import { ApiError, type RunInput } from "@easel/contract";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { client, queries } from "../../client.ts";
import { checkValues, type FieldErrors, makeInput, valuesOf } from "../../form-values.ts";
import { Button } from "../../parts/button.tsx";
import { Card } from "../../parts/card.tsx";
import { Empty } from "../../parts/empty.tsx";
import { CheckField } from "../../parts/field.tsx";
import { InputField } from "../../parts/input-field.tsx";
import { ErrorNotice } from "../../parts/notice.tsx";
import { withoutTraining } from "./base-input.ts";
import { History } from "./history.tsx";
import { useCard, useModel } from "./model-context.tsx";
import { Result } from "./result.tsx";

/** What most people set; everything else stands under Advanced, in the schema's order. */
const FIRST = ["prompt", "image", "seed", "lora_scale"];

/** One press of Run: a prediction, and beside it what the base makes of the same input, where that was asked for. */
interface Pair {
  id: string;
  baseId: string | undefined;
}

export function Playground() {
  const { version, reference, fields, values, setValues } = useModel();
  const { data: card } = useCard();
  const [isCompared, setCompared] = useState(false);
  const [errors, setErrors] = useState<FieldErrors>({});
  useTweaked();
  const run = useMutation({
    mutationFn: async (): Promise<Pair> => {
      const input = seeded(await makeInput(client, fields, values), isCompared);
      const created = await create(version?.id ?? "", input);
      const base = isCompared
        ? await create(version?.id ?? "", withoutTraining(fields, input, card?.token_strings ?? []))
        : undefined;
      return { id: created.id, baseId: base?.id };
    },
    onSuccess: () => queries.invalidateQueries({ queryKey: ["predictions"] }),
  });
  if (version === null || fields.length === 0)
    return <NothingToRun isTrained={version !== null} reference={reference} />;
  const submit = () => {
    const found = checkValues(fields, values);
    setErrors(found);
    if (Object.keys(found).length === 0) run.mutate();
  };
  const shownErrors = { ...errorsOf(run.error), ...errors };
  return (
    <div className="flex flex-col gap-6">
      <div className="grid gap-4 sm:gap-6 lg:grid-cols-[minmax(0,5fr)_minmax(0,6fr)]">
        <form
          onSubmit={(event) => {
            event.preventDefault();
            submit();
          }}
        >
          <Card title="Input">
            <div className="flex flex-col gap-5">
              <Inputs errors={shownErrors} />
              {card !== undefined && card.technique !== "dreambooth" && (
                <CheckField
                  label="Compare with the base"
                  hint="Draws the same seed once more without what was trained."
                  value={isCompared}
                  onChange={setCompared}
                />
              )}
              <div className="flex flex-wrap gap-2">
                <Button type="submit" look="primary" busy={run.isPending}>
                  Run
                </Button>
                <Button look="quiet" onClick={() => setValues({})}>
                  Reset
                </Button>
              </div>
            </div>
          </Card>
        </form>
        <div className="flex min-w-0 flex-col gap-4">
          {run.isError && Object.keys(errorsOf(run.error)).length === 0 && <ErrorNotice error={run.error} />}
          <Output pair={run.data} />
        </div>
      </div>
      <History reference={reference} />
    </div>
  );
}

function Inputs({ errors }: { errors: FieldErrors }) {
  const { fields, values, setValue } = useModel();
  const [first, rest] = [fields.filter(isFirst), fields.filter((field) => !isFirst(field))];
  const draw = (list: typeof fields) =>
    list.map((field) => (
      <InputField
        key={field.name}
        field={field}
        value={values[field.name]}
        onChange={(value) => setValue(field.name, value)}
        error={errors[field.name]}
      />
    ));
  if (first.length === 0) return draw(rest);
  return (
    <>
      {draw(first)}
      {rest.length > 0 && (
        <details open={rest.some(({ name }) => name in errors) || undefined}>
          <summary className="text-sm font-medium text-soft hover:text-ink">
            Advanced: {rest.length} more inputs
          </summary>
          <div className="mt-4 flex flex-col gap-5">{draw(rest)}</div>
        </details>
      )}
    </>
  );
}

function isFirst({ name }: { name: string }): boolean {
  return FIRST.includes(name);
}

function Output({ pair }: { pair: Pair | undefined }) {
  const { model } = useModel();
  if (pair !== undefined) {
    return (
      <div className={pair.baseId === undefined ? "" : "grid gap-4 sm:grid-cols-2"}>
        <Result key={pair.id} id={pair.id} title={pair.baseId === undefined ? "Output" : "This model"} />
        {pair.baseId !== undefined && <Result key={pair.baseId} id={pair.baseId} title="The base" />}
      </div>
    );
  }
  const example = model.default_example;
  if (example !== null) return <Result key={example.id} id={example.id} title="An example" />;
  return <Empty title="What comes of it is shown here">Fill in the form and press Run.</Empty>;
}

function NothingToRun({ isTrained, reference }: { isTrained: boolean; reference: string }) {
  if (isTrained) return <Empty title="This model only trains">It has no predictions to run.</Empty>;
  return (
    <Empty title={`${reference} has no version yet`}>
      A training whose destination it is publishes its first one: start one from the page of a model that can be
      trained, such as easel/emoji.
    </Empty>
  );
}

/** Opened from a prediction's page: its input is put into the form, once. */
function useTweaked(): void {
  const { fields, setValues } = useModel();
  const from = useSearch({ strict: false, select: (search: { from?: string }) => search.from });
  const taken = useRef<string>(undefined);
  const { data } = useQuery({
    queryKey: ["predictions", from],
    queryFn: () => client.predictions.get(from ?? ""),
    enabled: from !== undefined,
  });
  useEffect(() => {
    if (data === undefined || taken.current === data.id) return;
    taken.current = data.id;
    setValues(valuesOf(fields, data.input));
  }, [data, fields, setValues]);
}

async function create(version: string, input: RunInput) {
  return client.predictions.create({ version, input });
}

/** Two pictures can be compared when they begin with the same noise. */
function seeded(input: RunInput, isCompared: boolean): RunInput {
  return isCompared && input.seed === undefined ? { ...input, seed: Math.floor(Math.random() * 2 ** 31) } : input;
}

/** The server's refusals of single inputs, by name. */
function errorsOf(error: unknown): FieldErrors {
  if (!(error instanceof ApiError)) return {};
  return Object.fromEntries(
    error.invalidFields
      .filter(({ field }) => field.startsWith("input."))
      .map(({ field, description }) => [field.slice("input.".length), description]),
  );
}
