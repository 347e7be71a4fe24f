/** What all creates of predictions share, whichever path named the version: the run, the wait for it, the reply. */
import { type CreateModelPrediction, isTerminal } from "@easel/contract";
import type { Context as Request } from "hono";
import type { Context } from "../context.ts";
import type { Env } from "../env.ts";
import type { Named } from "../models/resolve.ts";
import { createPrediction } from "../runs/create.ts";
import { presentPrediction } from "../runs/present.ts";
import { readWish } from "../webhooks/wish.ts";
import { noteAnswer } from "./answered.ts";
import { originOf } from "./page.ts";
import { sentCreate } from "./sent-create.ts";
import { readPreference, waitForEnd } from "./wait.ts";
import { readCancelAfter } from "./wishes.ts";

/** `text` is the body as it came. */
export async function answerPrediction(
  context: Context,
  c: Request<Env>,
  { text, body }: { text: string; body: CreateModelPrediction },
  { model, version, versionAsked, deployment }: Named & { deployment?: string },
): Promise<Response> {
  const seconds = readPreference(c);
  const origin = originOf(context, c);
  const run = await createPrediction(context, {
    ...sentCreate(c, text),
    input: body.input,
    version,
    modelAsked: `${model.owner}/${model.name}`,
    versionAsked,
    ...(deployment === undefined ? {} : { deployment }),
    inlineOutput: seconds !== undefined,
    webhook: readWish(context, body, origin),
    stream: body.stream,
    cancelAfterSeconds: readCancelAfter(c, body.lifetime),
  });
  noteAnswer(context, c, run.id);
  if (seconds === undefined) return c.json(await presentPrediction(context, run, { origin, inline: true }), 201);
  const ended = await waitForEnd(context, c, run, seconds);
  c.header("Preference-Applied", `wait=${seconds}`);
  if (isTerminal(ended.status)) return c.json(await presentPrediction(context, ended, { origin, inline: true }), 201);
  // Clients take "processing" for finished, so a run that is not over yet is shown as it was when it was made.
  return c.json(
    { ...(await presentPrediction(context, ended, { origin, inline: true })), status: "starting", output: null },
    202,
  );
}
