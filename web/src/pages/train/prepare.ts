/** What a training would see, made before there is one: easel/prepare, run with the settings of the form. */
import type { InputField, RunFile, RunInput } from "@easel/contract";
import { client, localPath } from "../../client.ts";
import { type FormValues, makeInput } from "../../form-values.ts";
import { type PreparedImage, readPrepared } from "../../prepared.ts";

/** The inputs of a training that decide about its dataset. */
const DECIDING = [
  "resolution",
  "token_string",
  "caption_prefix",
  "mask_target_prompts",
  "crop_based_on_salience",
  "use_face_detection_instead",
  "clipseg_temperature",
  "background",
];

/** What the dataset depends on, as one value: the same gives the same images. */
export function decidingValues(values: FormValues): FormValues {
  return Object.fromEntries(DECIDING.map((name) => [name, values[name]]));
}

/** Throws what the run failed with. `onStage` is told how far it is. */
export async function prepareImages(
  archiveUrl: string,
  fields: InputField[],
  values: FormValues,
  onStage: (done: number, total: number) => void,
  signal: AbortSignal,
): Promise<PreparedImage[]> {
  const deciding = fields.filter(({ name }) => DECIDING.includes(name));
  // The defaults are those of the base that is trained, which easel/prepare does not know.
  const defaults = Object.fromEntries(deciding.map((field) => [field.name, field.default])) as RunInput;
  const given = await makeInput(client, deciding, values);
  const input = withoutNothing({ ...defaults, ...given, input_images: archiveUrl });
  const run = await client.predictions.createForModel("easel", "prepare", { input });
  let output: RunFile | undefined;
  for await (const event of client.runs.events(run.id, { signal })) {
    if (event.type === "stage" && event.data.total !== undefined) onStage(event.data.done ?? 0, event.data.total);
    if (event.type === "output") output = event.data.files?.[0];
    if (event.type === "done" && event.data.status !== "succeeded") {
      throw new Error(event.data.error ?? "The images could not be prepared.");
    }
  }
  if (output === undefined) throw new Error("The images were prepared, and nothing came of it.");
  return readPrepared(localPath(output.url));
}

function withoutNothing(input: Record<string, RunInput[string] | undefined>): RunInput {
  return Object.fromEntries(
    Object.entries(input).flatMap(([name, value]) => (value === undefined || value === null ? [] : [[name, value]])),
  );
}
