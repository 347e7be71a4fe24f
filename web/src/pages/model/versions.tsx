/** What the model was at each time: run one, take its weights along, or delete it. */
import type { Version } from "@easel/contract";
import { useInfiniteQuery, useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { client, queries } from "../../client.ts";
import { Button, buttonClass } from "../../parts/button.tsx";
import { bytesInWords } from "../../parts/bytes.ts";
import { Card } from "../../parts/card.tsx";
import { Confirm } from "../../parts/dialog.tsx";
import { Empty } from "../../parts/empty.tsx";
import { More } from "../../parts/more.tsx";
import { ErrorNotice, Notice } from "../../parts/notice.tsx";
import { Moment } from "../../parts/time.tsx";
import { useAccountName } from "../../session.ts";
import { useModel } from "./model-context.tsx";
import { Weights } from "./weights.tsx";

export function Versions() {
  const { model, reference } = useModel();
  const [freed, setFreed] = useState<number>();
  const versions = useInfiniteQuery({
    queryKey: ["models", model.owner, model.name, "versions"],
    queryFn: ({ pageParam }) => client.versions.list(model.owner, model.name, { next: pageParam }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
  });
  if (versions.isError) return <ErrorNotice error={versions.error} />;
  const all = versions.data?.pages.flatMap(({ results }) => results) ?? [];
  return (
    <div className="flex flex-col gap-4">
      {freed !== undefined && (
        <Notice tone="good" title="The version is deleted.">
          {freed === 0
            ? "That frees no space: something else has the same bytes."
            : `That frees ${bytesInWords(freed)}, by \`easel gc\`, from tomorrow on.`}
        </Notice>
      )}
      {versions.isSuccess && all.length === 0 && (
        <Empty title="No version yet">A training whose destination is {reference} publishes the first one.</Empty>
      )}
      {all.map((version) => (
        <VersionCard key={version.id} version={version} onDeleted={setFreed} />
      ))}
      <More query={versions} />
    </div>
  );
}

function VersionCard({ version, onDeleted }: { version: Version; onDeleted: (freedBytes: number) => void }) {
  const { model } = useModel();
  const [isAsked, setAsked] = useState(false);
  const isMine = useAccountName() === model.owner;
  const isLatest = version.id === model.latest_version?.id;
  const remove = useMutation({
    mutationFn: () => client.versions.delete(model.owner, model.name, version.id),
    onSuccess: (freedBytes) => {
      onDeleted(freedBytes);
      return queries.invalidateQueries({ queryKey: ["models", model.owner, model.name] });
    },
  });
  return (
    <Card
      title={<span className="font-mono text-base">{version.id.slice(0, 12)}</span>}
      actions={
        <div className="flex flex-wrap gap-2">
          <Link
            to="/$owner/$name/versions/$version"
            params={{ owner: model.owner, name: model.name, version: version.id }}
            className={buttonClass("secondary", "small")}
          >
            Run it
          </Link>
          {isMine && model.visibility === "private" && (
            <Button size="small" look="quiet" onClick={() => setAsked(true)}>
              Delete
            </Button>
          )}
        </div>
      }
    >
      <p className="text-sm text-soft">
        {isLatest ? "The latest, " : ""}
        <Moment at={version.created_at} />
      </p>
      <p className="mt-1 font-mono text-xs break-all text-soft">{version.id}</p>
      {remove.isError && <ErrorNotice error={remove.error} />}
      <Weights version={version.id} />
      <Confirm
        open={isAsked}
        onClose={() => setAsked(false)}
        onConfirm={() => remove.mutate()}
        title="Delete this version?"
        action="Delete the version"
      >
        Its weights are removed from this machine. Predictions that it has made stay.
      </Confirm>
    </Card>
  );
}
