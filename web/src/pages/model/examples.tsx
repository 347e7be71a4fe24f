/** Pictures that the owner shows, and the prompts that a training drew at its end. */
import { useMutation, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { client, queries } from "../../client.ts";
import { Button } from "../../parts/button.tsx";
import { Card } from "../../parts/card.tsx";
import { Empty } from "../../parts/empty.tsx";
import { ErrorNotice } from "../../parts/notice.tsx";
import { Picture } from "../../parts/picture.tsx";
import { picturesOf } from "../../runs.ts";
import { useAccountName } from "../../session.ts";
import { useCard, useModel } from "./model-context.tsx";

export function Examples() {
  const { model } = useModel();
  const key = ["models", model.owner, model.name, "examples"];
  const { data, error } = useQuery({ queryKey: key, queryFn: () => client.models.examples(model.owner, model.name) });
  const remove = useMutation({
    mutationFn: (id: string) => client.models.removeExample(model.owner, model.name, id),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["models", model.owner, model.name] }),
  });
  const isMine = useAccountName() === model.owner;
  if (error !== null) return <ErrorNotice error={error} />;
  const examples = data?.results ?? [];
  return (
    <div className="flex flex-col gap-6">
      {remove.isError && <ErrorNotice error={remove.error} />}
      <ReadyPrompts />
      {data !== undefined && examples.length === 0 && (
        <Empty title="No examples yet">
          {isMine
            ? "Open a prediction of this model that you like and press Show as an example."
            : "Its owner has not chosen any."}
        </Empty>
      )}
      <ul className="grid grid-cols-[repeat(auto-fill,minmax(min(14rem,100%),1fr))] gap-4">
        {examples.map((run) => (
          <li key={run.id} className="flex flex-col gap-2 rounded-lg border border-line bg-surface p-3">
            <Link to="/p/$id" params={{ id: run.id }}>
              {picturesOf(run)
                .slice(0, 1)
                .map((url) => (
                  <Picture key={url} url={url} alt={String(run.input.prompt ?? "An example")} />
                ))}
              <span className="mt-2 block text-sm break-words">{String(run.input.prompt ?? run.id)}</span>
            </Link>
            {isMine && (
              <Button size="small" look="quiet" onClick={() => remove.mutate(run.id)}>
                Take it out
              </Button>
            )}
          </li>
        ))}
      </ul>
    </div>
  );
}

/** Of a trained version: prompts to begin with, one click from the form. */
function ReadyPrompts() {
  const { model, setValues } = useModel();
  const prompts = useCard().data?.prompts ?? [];
  if (prompts.length === 0) return null;
  return (
    <Card title="Prompts to begin with">
      <ul className="flex flex-wrap gap-2">
        {prompts.map(({ prompt, seed }) => (
          <li key={prompt}>
            <Link
              to="/$owner/$name"
              params={{ owner: model.owner, name: model.name }}
              onClick={() => setValues(seed === undefined ? { prompt } : { prompt, seed: String(seed) })}
              className="block rounded-md border border-line px-3 py-2 text-sm hover:border-edge"
            >
              {prompt}
            </Link>
          </li>
        ))}
      </ul>
    </Card>
  );
}
