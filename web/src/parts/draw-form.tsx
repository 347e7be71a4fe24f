/** A prompt and a button: the shortest way from a model to a picture. */
import { readInputFields } from "@easel/contract";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { client, queries } from "../client.ts";
import { modelQuery } from "../models.ts";
import { Button } from "./button.tsx";
import { TextArea } from "./field.tsx";
import { ErrorNotice } from "./notice.tsx";

interface DrawFormProps {
  owner: string;
  name: string;
  look?: "primary" | "secondary";
}

/** Begins with the prompt that the model's version has by default: a trained one's has its word in it. */
export function DrawForm({ owner, name, look = "primary" }: DrawFormProps) {
  const navigate = useNavigate();
  const model = useQuery(modelQuery(owner, name));
  const version = model.data?.latest_version;
  const usual = version && readInputFields(version, "Input")?.find((field) => field.name === "prompt")?.default;
  const [typed, setTyped] = useState<string>();
  const prompt = typed ?? (typeof usual === "string" ? usual : "");
  const draw = useMutation({
    mutationFn: () => client.predictions.createForModel(owner, name, { input: { prompt } }),
    onSuccess: (run) => {
      queries.invalidateQueries({ queryKey: ["predictions"] });
      navigate({ to: "/p/$id", params: { id: run.id } });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    draw.mutate();
  };
  return (
    <form onSubmit={submit} className="flex flex-col gap-3">
      <TextArea label="Prompt" rows={2} value={prompt} onChange={setTyped} />
      {draw.isError && <ErrorNotice error={draw.error} />}
      <Button type="submit" look={look} busy={draw.isPending} disabled={prompt.trim() === ""} className="self-start">
        Draw
      </Button>
    </form>
  );
}
