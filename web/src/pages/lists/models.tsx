/** `/models`, and `/{owner}`: models to run, to train on, and of one's own. */
import type { Model } from "@easel/contract";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { client } from "../../client.ts";
import { Empty } from "../../parts/empty.tsx";
import { More } from "../../parts/more.tsx";
import { ErrorNotice } from "../../parts/notice.tsx";
import { Page } from "../../parts/page.tsx";
import { Picture } from "../../parts/picture.tsx";
import { picturesOf } from "../../runs.ts";

export function Models() {
  const { owner } = useParams({ strict: false });
  const models = useInfiniteQuery({
    queryKey: ["models", "list"],
    queryFn: ({ pageParam, signal }) => client.models.list({ next: pageParam, signal }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
  });
  const shown = (models.data?.pages.flatMap(({ results }) => results) ?? []).filter(
    (model) => owner === undefined || model.owner === owner,
  );
  return (
    <Page title={owner ?? "Models"}>
      {models.isError && <ErrorNotice error={models.error} />}
      {models.isSuccess && shown.length === 0 && !models.hasNextPage && (
        <Empty title={owner === undefined ? "No models" : `${owner} has no models that you can see`}>
          A training makes one of its destination.
        </Empty>
      )}
      <ul className="grid grid-cols-[repeat(auto-fill,minmax(min(16rem,100%),1fr))] gap-4">
        {shown.map((model) => (
          <li key={model.url}>
            <ModelCard model={model} />
          </li>
        ))}
      </ul>
      <More query={models} />
    </Page>
  );
}

function ModelCard({ model }: { model: Model }) {
  const cover = model.cover_image_url ?? (model.default_example ? picturesOf(model.default_example)[0] : undefined);
  return (
    <Link
      to="/$owner/$name"
      params={{ owner: model.owner, name: model.name }}
      className="flex h-full flex-col gap-3 rounded-lg border border-line bg-surface p-4 hover:border-edge"
    >
      {cover !== undefined && <Picture url={cover} alt="" className="aspect-square object-cover" />}
      <span className="min-w-0">
        <span className="block font-medium break-words">
          <span className="text-soft">{model.owner} / </span>
          {model.name}
        </span>
        <span className="mt-1 line-clamp-3 block text-sm text-soft">{model.description}</span>
        <span className="mt-2 block text-xs text-soft">
          {model.visibility} · {model.run_count === 1 ? "1 run" : `${model.run_count} runs`}
          {model.latest_version === null && " · no version yet"}
        </span>
      </span>
    </Link>
  );
}
