/** One click makes a version of a training's snapshot: for whoever likes another one better than the one it published. */
import type { Training } from "@easel/contract";
import { useMutation, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { client, queries } from "../client.ts";
import { namesOf } from "../runs.ts";
import { snapshotsQuery } from "../snapshots.ts";
import { Button } from "./button.tsx";
import { ErrorNotice } from "./notice.tsx";

export function PublishSnapshot({ training, step }: { training: Training; step: number }) {
  const { owner, name } = namesOf(training.destination);
  const snapshots = useQuery(snapshotsQuery(training.id));
  const publish = useMutation({
    mutationFn: () => client.runs.publishSnapshot(training.id, step),
    onSuccess: () => {
      void queries.invalidateQueries(snapshotsQuery(training.id));
      return queries.invalidateQueries({ queryKey: ["models", owner, name] });
    },
  });
  const version = publish.data?.id ?? snapshots.data?.find((one) => one.step === step)?.version;
  if (training.output?.step === step) return <p className="text-sm text-soft">Published</p>;
  if (snapshots.isPending) return null;
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
