/** `/{owner}/{name}`: a model, and its tabs. */
import { ApiError } from "@easel/contract";
import { useQuery } from "@tanstack/react-query";
import { Link, Outlet, useParams } from "@tanstack/react-router";
import { modelQuery } from "../../models.ts";
import { buttonClass } from "../../parts/button.tsx";
import { NotFound } from "../../parts/not-found.tsx";
import { ErrorNotice } from "../../parts/notice.tsx";
import { Page } from "../../parts/page.tsx";
import { Tabs } from "../../parts/tabs.tsx";
import { useAccountName } from "../../session.ts";
import { ModelProvider, useModel, versionQuery } from "./model-context.tsx";

export function ModelPage() {
  const { owner, name, version: versionId } = useParams({ strict: false });
  const { data: model, error } = useQuery(modelQuery(owner ?? "", name ?? ""));
  const named = useQuery({
    ...versionQuery(owner ?? "", name ?? "", versionId ?? ""),
    enabled: versionId !== undefined,
  });
  const failure = error ?? named.error;
  if (failure instanceof ApiError && failure.status === 404) return <NotFound />;
  if (failure !== null) return <Page title={`${owner}/${name}`}>{<ErrorNotice error={failure} />}</Page>;
  if (model === undefined || (versionId !== undefined && named.data === undefined)) {
    return (
      <Page title={`${owner}/${name}`}>
        <p className="text-soft">Loading…</p>
      </Page>
    );
  }
  const version = named.data ?? model.latest_version;
  return (
    <ModelProvider key={`${model.url} ${version?.id}`} model={model} version={version}>
      <Frame />
    </ModelProvider>
  );
}

function Frame() {
  const { model, reference, version, canTrain } = useModel();
  const isMine = useAccountName() === model.owner;
  const params = { owner: model.owner, name: model.name };
  return (
    <Page
      title={reference}
      heading={
        <>
          <Link
            to="/$owner"
            params={{ owner: model.owner }}
            className="text-soft underline decoration-line underline-offset-4 hover:text-ink"
          >
            {model.owner}
          </Link>
          <span className="text-soft"> / </span>
          {model.name}
        </>
      }
      lead={
        <>
          {model.description !== null && <p className="break-words">{model.description}</p>}
          <p className="mt-1 text-sm">
            {model.visibility} · {model.run_count === 1 ? "1 run" : `${model.run_count} runs`}
            {version !== null && version.id !== model.latest_version?.id && (
              <>
                {" · version "}
                <span className="font-mono">{version.id.slice(0, 8)}</span>, not the latest
              </>
            )}
          </p>
        </>
      }
      actions={
        canTrain && (
          <Link to="/$owner/$name/train" params={params} className={buttonClass("secondary")}>
            Train on it
          </Link>
        )
      }
    >
      <Tabs
        label={`Parts of ${reference}`}
        tabs={[
          { to: "/$owner/$name", params, label: "Playground" },
          { to: "/$owner/$name/api", params, label: "API" },
          { to: "/$owner/$name/examples", params, label: "Examples" },
          { to: "/$owner/$name/versions", params, label: "Versions" },
          ...(isMine && !canTrain ? [{ to: "/$owner/$name/snapshots", params, label: "Snapshots" } as const] : []),
          { to: "/$owner/$name/readme", params, label: "README" },
          ...(isMine ? [{ to: "/$owner/$name/settings", params, label: "Settings" } as const] : []),
        ]}
      />
      <div className="mt-6">
        <Outlet />
      </div>
    </Page>
  );
}
