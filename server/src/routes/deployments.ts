/** `/v1/deployments`: a version kept ready under a name of one's own, and predictions that are asked of it. */
import { CreateDeployment, CreateModelPrediction, parseReference, UpdateDeployment } from "@easel/contract";
import { Hono, type Context as Request } from "hono";
import { type Context, timestamp } from "../context.ts";
import type { Env } from "../env.ts";
import { conflict, type HttpError, invalidInput, notFound, unprocessable } from "../errors.ts";
import { newInternalId } from "../ids.ts";
import type { Builtin } from "../models/builtin.ts";
import {
  type DeploymentRow,
  deleteIdleDeployment,
  findDeployment,
  insertDeployment,
  insertRelease,
  listDeployments,
} from "../models/deployments.ts";
import { presentDeployment } from "../models/present.ts";
import { requireModel, requireVersion, resolveDeployment } from "../models/resolve.ts";
import { canPredict, parseSchema } from "../models/schema.ts";
import { CREATE_BYTES_MAX, readJson } from "./body.ts";
import { answerPrediction } from "./create-prediction.ts";
import { PAGE_SIZE, presentPage, readCursor } from "./page.ts";

const PATH = "/deployments/:owner/:name";

export function deployments(context: Context, builtins: Builtin[]): Hono<Env> {
  const { db } = context;
  const app = new Hono<Env>();

  app.post("/deployments", async (c) => {
    const { body } = await readJson(c, CreateDeployment);
    const owner = c.get("account");
    const at = timestamp(context);
    const release = { ...(await readRelease(c, body.model, body)), released_by: owner, released_at: at };
    const made = await insertDeployment(db, { id: newInternalId(), owner, name: body.name, created_at: at }, release);
    if (!made) throw taken(c, `You have a deployment ${owner}/${body.name} already: PATCH it, or take another name.`);
    context.watch.poke("queue");
    return c.json(presentDeployment(await requireDeployment(c, owner, body.name)));
  });

  app.get("/deployments", async (c) => {
    const filter = { owner: c.get("account"), before: readCursor(c), limit: PAGE_SIZE + 1 };
    return c.json(await presentPage(context, c, await listDeployments(db, filter), presentDeployment));
  });

  app.get(PATH, async (c) => c.json(presentDeployment(await requireDeployment(c))));

  app.patch(PATH, async (c) => {
    const { body } = await readJson(c, UpdateDeployment);
    const current = await requireDeployment(c);
    const { number, hardware, min_instances, max_instances, version_asked: version } = current;
    const wanted = { version, hardware, min_instances, max_instances, ...body };
    const release = await readRelease(c, current.model_asked, wanted);
    const made = await insertRelease(db, {
      ...release,
      deployment_id: current.id,
      number: number + 1,
      released_by: c.get("account"),
      released_at: timestamp(context),
    });
    if (!made) throw taken(c, "Somebody changed this deployment at the same time. Look at it, and try again.");
    context.watch.poke("queue");
    return c.json(presentDeployment(await requireDeployment(c)));
  });

  app.delete(PATH, async (c) => {
    if (!(await deleteIdleDeployment(db, await requireDeployment(c)))) {
      throw unprocessable(
        "Deployment in use",
        "Predictions of this deployment have not ended yet. Wait for them or cancel them, then delete it again.",
      );
    }
    context.watch.poke("queue");
    return c.body(null, 204);
  });

  app.post(`${PATH}/predictions`, async (c) => {
    const given = await readJson(c, CreateModelPrediction, CREATE_BYTES_MAX);
    const deployment = await requireDeployment(c);
    if (deployment.max_instances === 0) {
      throw unprocessable(
        "Deployment turned off",
        `${deployment.owner}/${deployment.name} has max_instances 0, so nothing runs for it. PATCH it to 1 or more.`,
      );
    }
    return answerPrediction(context, c, given, await resolveDeployment(context, deployment));
  });

  /** The caller's own deployment that the path names. Throws 404. */
  async function requireDeployment(
    c: Request<Env>,
    owner = c.req.param("owner") ?? "",
    name = c.req.param("name") ?? "",
  ): Promise<DeploymentRow> {
    const row = owner === c.get("account") ? await findDeployment(db, owner, name) : undefined;
    if (row === undefined) throw notFound();
    return row;
  }

  /** What is to be released, its version found and able to run. Throws 404 or 422. */
  async function readRelease(c: Request<Env>, modelAsked: string, wanted: Omit<CreateDeployment, "name" | "model">) {
    const { hardware, min_instances, max_instances } = wanted;
    if (min_instances > max_instances) {
      const description = `Must be less than or equal to max_instances, which is ${max_instances}`;
      throw invalidInput([{ type: "number_lte", field: "min_instances", description }]);
    }
    const reference = parseReference(modelAsked);
    if (reference === undefined) {
      throw invalidInput([{ type: "pattern", field: "model", description: "Must be a model's owner/name" }]);
    }
    const model = await requireModel(context, c.get("account"), reference.owner, reference.name);
    const { version, versionAsked } = await requireVersion(context, builtins, model, wanted.version);
    if (!canPredict(parseSchema(version.schema))) {
      throw unprocessable(
        "Not runnable",
        `${modelAsked} can be trained, but not run. Train it, and run what comes of it.`,
      );
    }
    return {
      version_id: version.id,
      model_asked: `${model.owner}/${model.name}`,
      version_asked: versionAsked,
      hardware,
      min_instances,
      max_instances,
    };
  }

  return app;
}

/** Python's second client repeats a 409 unless it is told not to. */
function taken(c: Request<Env>, detail: string): HttpError {
  c.header("x-should-retry", "false");
  return conflict(detail);
}
