/** The model's README, and for its owner a box to write it in. */
import { ApiError } from "@easel/contract";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { client, queries } from "../../client.ts";
import { Button } from "../../parts/button.tsx";
import { Card } from "../../parts/card.tsx";
import { Empty } from "../../parts/empty.tsx";
import { TextArea } from "../../parts/field.tsx";
import { Markdown } from "../../parts/markdown.tsx";
import { ErrorNotice } from "../../parts/notice.tsx";
import { useAccountName } from "../../session.ts";
import { useModel } from "./model-context.tsx";

export function Readme() {
  const { model, reference } = useModel();
  const key = ["models", model.owner, model.name, "readme"];
  const { data: text, error } = useQuery({ queryKey: key, queryFn: () => readme(model.owner, model.name) });
  const [draft, setDraft] = useState<string>();
  const save = useMutation({
    mutationFn: (next: string) => client.models.update(model.owner, model.name, { readme: next }),
    onSuccess: (_model, next) => {
      queries.setQueryData(key, next);
      setDraft(undefined);
    },
  });
  const isMine = useAccountName() === model.owner;
  if (error !== null) return <ErrorNotice error={error} />;
  if (text === undefined) return <p className="text-soft">Loading…</p>;
  if (draft !== undefined) {
    return (
      <form
        className="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate(draft);
        }}
      >
        <TextArea label="README, in Markdown" rows={20} value={draft} onChange={setDraft} />
        {save.isError && <ErrorNotice error={save.error} />}
        <div className="flex gap-2">
          <Button type="submit" look="primary" busy={save.isPending}>
            Save
          </Button>
          <Button look="quiet" onClick={() => setDraft(undefined)}>
            Discard
          </Button>
        </div>
      </form>
    );
  }
  const write = isMine && (
    <Button size="small" onClick={() => setDraft(text ?? `# ${model.name}\n\n`)}>
      {text === null ? "Write one" : "Change it"}
    </Button>
  );
  if (text === null) return <Empty title={`${reference} has no README`} actions={write} children={null} />;
  return (
    <Card title="README" actions={write}>
      <Markdown text={text} />
    </Card>
  );
}

/** Null where there is none. */
async function readme(owner: string, name: string): Promise<string | null> {
  try {
    return await client.models.readme(owner, name);
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null;
    throw error;
  }
}
