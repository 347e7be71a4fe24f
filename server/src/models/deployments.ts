/** Every statement about deployments and their releases. The newest release is the current one; none is ever changed. */
import type { Insertable, Selectable } from "kysely";
import { type Cursor, type Db, isBehind, type Tables } from "../db.ts";

/** A deployment with its current release; `id` and `created_at` are the deployment's own. */
export type DeploymentRow = Selectable<Tables["current_releases"]>;

/** What a deployment asks of whoever starts model processes. */
export interface DeployedVersion {
  /** `owner/name`, as in a run's `deployment`. */
  deployment: string;
  version_id: string;
  program: string;
  base: string | null;
  weights_sha256: string | null;
  replaces_base: number;
  needs: "cpu" | "gpu" | null;
  /** So many processes stay loaded with the version, also while nothing waits. */
  min_instances: number;
  /** No more than so many draw for the deployment at once. */
  max_instances: number;
}

/** False when the owner has a deployment of that name already. */
export async function insertDeployment(
  db: Db,
  deployment: Insertable<Tables["deployments"]>,
  release: Omit<Insertable<Tables["releases"]>, "deployment_id" | "number">,
): Promise<boolean> {
  return db.transaction().execute(async (tx) => {
    const result = await tx
      .insertInto("deployments")
      .values(deployment)
      .onConflict((conflict) => conflict.columns(["owner", "name"]).doNothing())
      .executeTakeFirst();
    if (result.numInsertedOrUpdatedRows !== 1n) return false;
    await tx
      .insertInto("releases")
      .values({ ...release, deployment_id: deployment.id, number: 1 })
      .execute();
    return true;
  });
}

/** False: another release took this number meanwhile, or the deployment is gone. */
export async function insertRelease(db: Db, release: Insertable<Tables["releases"]>): Promise<boolean> {
  return db.transaction().execute(async (tx) => {
    const current = await tx
      .selectFrom("current_releases")
      .select("number")
      .where("id", "=", release.deployment_id)
      .executeTakeFirst();
    if (current?.number !== release.number - 1) return false;
    await tx.insertInto("releases").values(release).execute();
    return true;
  });
}

export async function findDeployment(db: Db, owner: string, name: string): Promise<DeploymentRow | undefined> {
  return db
    .selectFrom("current_releases")
    .selectAll()
    .where("owner", "=", owner)
    .where("name", "=", name)
    .executeTakeFirst();
}

/** Newest first. `before` is the last row of the page before. */
export async function listDeployments(
  db: Db,
  filter: { owner: string; before: Cursor | undefined; limit: number },
): Promise<DeploymentRow[]> {
  let query = db.selectFrom("current_releases").selectAll().where("owner", "=", filter.owner);
  if (filter.before !== undefined) query = query.where(isBehind(filter.before));
  return query.orderBy("created_at", "desc").orderBy("id", "desc").limit(filter.limit).execute();
}

/** Deletes it with its releases. False while a prediction that was asked of it has not ended. */
export async function deleteIdleDeployment(db: Db, deployment: DeploymentRow): Promise<boolean> {
  const result = await db
    .deleteFrom("deployments")
    .where("id", "=", deployment.id)
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom("runs")
            .select("runs.id")
            .where("runs.deployment", "=", `${deployment.owner}/${deployment.name}`)
            .where("runs.completed_at", "is", null),
        ),
      ),
    )
    .executeTakeFirst();
  return result.numDeletedRows === 1n;
}

/** Every deployment's current version and how many model processes it wants, oldest deployment first. */
export async function listDeployedVersions(db: Db): Promise<DeployedVersion[]> {
  const rows = await db
    .selectFrom("current_releases as current")
    .innerJoin("versions", "versions.id", "current.version_id")
    .select(["current.owner", "current.name", "current.version_id", "current.min_instances", "current.max_instances"])
    .select([
      "versions.program",
      "versions.base",
      "versions.weights_sha256",
      "versions.replaces_base",
      "versions.needs",
    ])
    .orderBy("current.created_at")
    .orderBy("current.id")
    .execute();
  return rows.map(({ owner, name, ...row }) => ({ deployment: `${owner}/${name}`, ...row }));
}
