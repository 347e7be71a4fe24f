/** `easel check`: what a training would make of an archive, and what to do about it, before there is a training. */
import { existsSync } from "node:fs";
import { type InputType, type PreflightReport, PreflightRequest, type RunInput } from "@easel/contract";
import { defineCommand } from "citty";
import { EXIT, UsageError } from "../failure.ts";
import { readValue } from "../inputs.ts";
import { findModel, readReference } from "../model-reference.ts";
import { renderReport } from "../preflight-report.ts";
import { connect } from "../settings.ts";
import { terminal } from "../terminal.ts";
import { sendFile } from "../upload.ts";

const INPUTS: Record<string, InputType> = {
  token_string: "string",
  caption_prefix: "string",
  resolution: "integer",
  subject: "string",
  initial_word: "string",
  mask_target_prompts: "string",
  use_face_detection_instead: "boolean",
};

export const check = defineCommand({
  meta: { name: "check", description: "Looks at images as a training would, and says what to do about them." },
  args: {
    archive: { type: "positional", required: true, description: "a zip or tar of images, or its URL" },
    inputs: { type: "positional", required: false, description: "inputs of the training, as name=value" },
    model: { type: "string", valueHint: "MODEL", default: "easel/emoji", description: "what would be trained" },
    json: { type: "boolean", description: "print JSON" },
  },
  async run({ args }) {
    const reference = readReference(args.model);
    const inputs = readInputs(args._.slice(1));
    const path = args.archive.replace(/^@/, "");
    if (!URL.canParse(path) && !existsSync(path))
      throw new UsageError(`There is no file "${path}".`, "Give the path of a zip or tar, or its URL.");
    const client = connect();
    const { owner, name } = await findModel(client, reference);
    const input_images = URL.canParse(path) ? path : await sendFile(client, path);
    const report: PreflightReport = await client.preflight({ input_images, model: `${owner}/${name}`, ...inputs });
    terminal.data(args.json ? JSON.stringify(report, null, 2) : renderReport(report, path, args.model, terminal));
    return report.verdict === "blocked" ? EXIT.error : EXIT.ok;
  },
});

function readInputs(words: readonly string[]): Partial<PreflightRequest> {
  const values: RunInput = {};
  for (const word of words) {
    const [, name = "", text = ""] = /^([^=]+)=(.*)$/s.exec(word) ?? [];
    const type = INPUTS[name];
    if (type === undefined)
      throw new UsageError(`"${word}" is no input of a check.`, `It takes ${Object.keys(INPUTS).join(", ")}.`);
    values[name] = readValue(name, type, text);
  }
  const parsed = PreflightRequest.partial().safeParse(values);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new UsageError(`${issue?.path.join(".")} cannot be that: ${issue?.message}.`, "See --help.");
}
