/** Models and versions as the API shows them. */
import { type Deployment, type Model, OpenApiSchema, type Prediction, type Version } from "@easel/contract";
import type { DeploymentRow } from "./deployments.ts";
import type { ModelRow } from "./store.ts";
import type { VersionRow } from "./versions.ts";

/** Clients refuse a version without one; it names the dialect of the schema. */
const COG_VERSION = "0.23.1";

export function presentModel(
  model: ModelRow,
  extra: {
    origin: string;
    latest: VersionRow | undefined;
    runCount: number;
    example: Prediction | null;
    cover: string | null;
  },
): Model {
  return {
    url: `${extra.origin}/${model.owner}/${model.name}`,
    owner: model.owner,
    name: model.name,
    description: model.description,
    visibility: model.visibility,
    is_official: false,
    github_url: model.github_url,
    paper_url: model.paper_url,
    license_url: model.license_url,
    weights_url: model.weights_url,
    run_count: extra.runCount,
    cover_image_url: extra.cover,
    default_example: extra.example,
    latest_version: extra.latest === undefined ? null : presentVersion(extra.latest),
    created_at: model.created_at,
  };
}

export function presentVersion(version: VersionRow): Version {
  return {
    id: version.id,
    created_at: version.created_at,
    cog_version: COG_VERSION,
    openapi_schema: OpenApiSchema.parse(JSON.parse(version.schema)),
  };
}

export function presentDeployment(row: DeploymentRow): Deployment {
  const { hardware, min_instances, max_instances, released_by } = row;
  return {
    owner: row.owner,
    name: row.name,
    current_release: {
      number: row.number,
      model: row.model_asked,
      version: row.version_asked,
      created_at: row.released_at,
      created_by: { type: "user", username: released_by, name: released_by },
      configuration: { hardware, min_instances, max_instances },
    },
  };
}
