/** One click makes a version of a training's snapshot: for whoever likes another one better than the one it published. */
import type { Training } from "@easel/contract";
import { useMutation, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { client, queries } from "../client.ts";
import { namesOf } from "../runs.ts";
import { Button } from "./button.tsx";
import { ErrorNotice } from "./notice.tsx";

export function PublishSnapshot({ training, step }: { training: Training; step: number }) {
  const { owner, name } = namesOf(training.destination);
  const versions = useQuery({ queryKey: ["snapshots", training.id], queryFn: () => findVersions(training.id) });
  const publish = useMutation({
    mutationFn: () => client.runs.publishSnapshot(training.id, step),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: ["snapshots", training.id] });
      return queries.invalidateQueries({ queryKey: ["models", owner, name] });
    },
  });
  const version = publish.data?.id ?? versions.data?.get(step);
  if (training.output?.step === step) return <p className="text-sm text-soft">Published</p>;
  if (versions.isPending) return null;
  if (publish.isError) return <ErrorNotice error={publish.error} />;
  if (version !== undefined) {
    return (
      <p className="text-sm" aria-live="polite">
        {"Published as "}
        <Link
          to="/$owner/$name/versions/$version"
          params={{ owner, name, version }}
          className="font-mono text-accent underline"
        >
          {version.slice(0, 8)}
        </Link>
      </p>
    );
  }
  return (
    <Button size="small" busy={publish.isPending} onClick={() => publish.mutate()}>
      <span>
        Publish<span className="max-sm:sr-only"> step {step}</span>
      </span>
    </Button>
  );
}

/** The versions that there are of its snapshots, by step. */
async function findVersions(training: string): Promise<Map<number, string>> {
  const { results } = await client.runs.artifacts(training);
  return new Map(
    results.flatMap(({ step, version }) =>
      step === undefined || version === undefined ? [] : [[step, version] as const],
    ),
  );
}
