/** Follows a training and says how it ended and what can be done with the result. */
import { type Client, parseReference, readInputFields, type Training } from "@easel/contract";
import { EXIT } from "./failure.ts";
import { followRun } from "./follow.ts";
import { formatDuration } from "./format.ts";
import { terminal } from "./terminal.ts";

/** Answers the exit code. On stdout stands the new version, or the training as JSON. */
export async function followTraining(
  client: Client,
  { id }: Training,
  { json, logs }: { json?: boolean | undefined; logs?: boolean } = {},
): Promise<number> {
  if (terminal.interactive) terminal.words(terminal.paint.dim("Ctrl-C leaves; the training goes on."));
  const ending = await followRun(client, id, { logs });
  if (ending === "left") {
    terminal.words("Left. The training goes on.");
    terminal.words(`  to come back: easel trainings follow ${id}`);
    terminal.words(`  to cancel it: easel trainings cancel ${id}`);
    return EXIT.interrupted;
  }
  const training = await client.trainings.get(id);
  if (json) terminal.data(JSON.stringify(training, null, 2));
  if (training.status === "succeeded" && training.output !== null) {
    if (!json && !logs) terminal.data(training.output.version);
    terminal.words(`${terminal.paint.green("✓")} trained ${training.destination}${tookText(training)}`);
    for (const line of await suggest(client, training, training.output.version)) terminal.words(line);
    return EXIT.ok;
  }
  if (training.status === "canceled") terminal.problem("The training was canceled.");
  else terminal.problem(`The training failed: ${training.error}`, `Its log: easel trainings logs ${id}`);
  return EXIT.error;
}

function tookText({ metrics }: Training): string {
  return metrics.predict_time === undefined ? "" : ` in ${formatDuration(metrics.predict_time)}`;
}

/** What to draw first: the model card's prompts, each with the picture that came of it before the version was published. */
async function suggest(client: Client, training: Training, version: string): Promise<string[]> {
  const { owner = "", name = "", version: id = "" } = parseReference(version) ?? {};
  // The training has succeeded whatever becomes of this question.
  const card = await client.versions.card(owner, name, id).catch(() => undefined);
  const run = `  easel run ${training.destination} prompt=`;
  if (card === undefined || card.prompts.length === 0) return [`${run}"${await suggestPrompt(client, training)}"`];
  return card.prompts.flatMap(({ prompt, seed, picture }) => [
    `${run}${JSON.stringify(prompt)}${seed === undefined ? "" : ` seed=${seed}`}`,
    ...(picture == null ? [] : [terminal.paint.dim(`    drew ${picture}`)]),
  ]);
}

/** A prompt with the words that the training taught, such as "a TOK emoji of a fox". */
async function suggestPrompt(client: Client, training: Training): Promise<string> {
  const [owner = "", name = ""] = training.model.split("/");
  // The training has succeeded whatever becomes of this question.
  const version = await client.versions.get(owner, name, training.version).catch(() => undefined);
  const fields = version === undefined ? [] : (readInputFields(version, "TrainingInput") ?? []);
  const value = (field: string) => training.input[field] ?? fields.find((each) => each.name === field)?.default;
  const prefix = String(value("caption_prefix") ?? "").replaceAll('"', "");
  const [token = ""] = String(value("token_string") ?? "TOK").split(",");
  return prefix.includes(token) ? `${prefix.trimEnd()} a fox` : `a ${token} of a fox`;
}
