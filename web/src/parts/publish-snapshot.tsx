/** One click makes a version of a training's snapshot: for whoever likes another one better than the one it published. */
import type { Training } from "@easel/contract";
import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { client, queries } from "../client.ts";
import { namesOf } from "../runs.ts";
import { Button } from "./button.tsx";
import { ErrorNotice } from "./notice.tsx";

export function PublishSnapshot({ training, step }: { training: Training; step: number }) {
  const { owner, name } = namesOf(training.destination);
  const publish = useMutation({
    mutationFn: () => client.runs.publishSnapshot(training.id, step),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["models", owner, name] }),
  });
  if (training.output?.step === step) return <p className="text-sm text-soft">Published</p>;
  if (publish.isError) return <ErrorNotice error={publish.error} />;
  if (publish.data !== undefined) {
    return (
      <p className="text-sm" aria-live="polite">
        {"Published as "}
        <Link
          to="/$owner/$name/versions/$version"
          params={{ owner, name, version: publish.data.id }}
          className="font-mono text-accent underline"
        >
          {publish.data.id.slice(0, 8)}
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
