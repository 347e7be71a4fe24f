/** What the owner may change: words, who may see it, and whether it is. */
import type { UpdateModel } from "@easel/contract";
import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { client, queries } from "../../client.ts";
import { Button } from "../../parts/button.tsx";
import { Card } from "../../parts/card.tsx";
import { Choice } from "../../parts/choice.tsx";
import { Confirm } from "../../parts/dialog.tsx";
import { TextArea, TextField } from "../../parts/field.tsx";
import { ErrorNotice, Notice } from "../../parts/notice.tsx";
import { useModel } from "./model-context.tsx";

const VISIBILITIES = [
  { value: "private", label: "Private", hint: "Only your account sees and runs it." },
  { value: "public", label: "Public", hint: "Every account of this server does." },
] as const;

export function Settings() {
  const { model, reference } = useModel();
  const [description, setDescription] = useState(model.description ?? "");
  const [visibility, setVisibility] = useState(model.visibility);
  const [github, setGithub] = useState(model.github_url ?? "");
  const [license, setLicense] = useState(model.license_url ?? "");
  const save = useMutation({
    mutationFn: (change: UpdateModel) => client.models.update(model.owner, model.name, change),
    onSuccess: (changed) => queries.setQueryData(["models", model.owner, model.name], changed),
  });
  return (
    <div className="flex max-w-2xl flex-col gap-6">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate({ description, visibility, github_url: github, license_url: license });
        }}
      >
        <Card title="About it">
          <div className="flex flex-col gap-5">
            <TextArea label="Description" value={description} onChange={setDescription} />
            <Choice label="Who sees it" value={visibility} onChange={setVisibility} options={VISIBILITIES} />
            <TextField label="Address of its code" inputMode="url" value={github} onChange={setGithub} />
            <TextField label="Address of its licence" inputMode="url" value={license} onChange={setLicense} />
            {save.isError && <ErrorNotice error={save.error} />}
            {save.isSuccess && <Notice tone="good" title={`${reference} is changed.`} />}
            <div>
              <Button type="submit" look="primary" busy={save.isPending}>
                Save
              </Button>
            </div>
          </div>
        </Card>
      </form>
      <Deletion />
    </div>
  );
}

function Deletion() {
  const { model, reference, version } = useModel();
  const [isAsked, setAsked] = useState(false);
  const navigate = useNavigate();
  const remove = useMutation({
    mutationFn: () => client.models.delete(model.owner, model.name),
    onSuccess: async () => {
      queries.removeQueries({ queryKey: ["models", model.owner, model.name] });
      await navigate({ to: "/$owner", params: { owner: model.owner } });
    },
  });
  return (
    <Card title="Delete it">
      <p className="text-sm text-soft">
        {version === null
          ? "A model without versions can be deleted at once."
          : "A model can be deleted when it is private and its versions are deleted: see the Versions tab."}
      </p>
      {remove.isError && (
        <div className="mt-4">
          <ErrorNotice error={remove.error} />
        </div>
      )}
      <Button look="danger" className="mt-4" onClick={() => setAsked(true)}>
        Delete {reference}
      </Button>
      <Confirm
        open={isAsked}
        onClose={() => setAsked(false)}
        onConfirm={() => remove.mutate()}
        title={`Delete ${reference}?`}
        action="Delete the model"
      >
        This cannot be undone.
      </Confirm>
    </Card>
  );
}
