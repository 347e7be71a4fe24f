/**
 * A person's changes to how images are prepared, by each image's sha256: `{crop?: [x, y, side], caption?, mask?, drop?}`.
 * Checked against the archive that they are about, and handed on as one JSON file in which masks stand as data: URIs.
 */
import { readFile, stat } from "node:fs/promises";
import { Readable } from "node:stream";
import { z } from "zod";
import type { Context } from "../context.ts";
import { type InvalidField, invalidInput } from "../errors.ts";
import { sizeInWords } from "../files/size.ts";
import { SIDE_PIXELS_MIN } from "../intake/limits.ts";
import type { CanonicalArchive, ManifestImage } from "../intake/manifest.ts";
import { imageFormat } from "../intake/sniff.ts";
import { takeFile } from "./input-files.ts";

const EDITS_BYTES_MAX = 16_000_000;
const MASK_BYTES_MAX = 20_000_000;

const Edit = z.strictObject({
  /** Pixels of the upright picture. */
  crop: z
    .tuple(
      [z.int().min(0), z.int().min(0), z.int().min(SIDE_PIXELS_MIN)],
      "must be [x, y, side], in whole pixels, side at least 16",
    )
    .optional(),
  caption: z.string().max(2000).optional(),
  /** A file's URL or a data: URI; white is what matters. */
  mask: z.string().optional(),
  drop: z.literal(true).optional(),
});
type Edit = z.infer<typeof Edit>;
const Edits = z.record(z.string(), Edit);

/** The blob of the edits as the model reads them. Throws a 422 that names each edit that does not fit. */
export async function checkEdits(
  context: Context,
  account: string,
  sha256: string,
  archive: CanonicalArchive,
): Promise<string> {
  const edits = parseEdits(await readEdits(context, sha256));
  const images = new Map(archive.images.map((image) => [image.sha256, image]));
  const problems = Object.entries(edits).flatMap(([key, edit]) => findProblems(key, edit, images.get(key)));
  if (archive.images.every((image) => edits[image.sha256]?.drop)) problems.push(fault("", "They drop every image."));
  if (problems.length > 0) throw invalidInput(problems);
  const complete: Record<string, Edit> = {};
  for (const [key, edit] of Object.entries(edits)) {
    complete[key] =
      edit.mask === undefined ? edit : { ...edit, mask: await embedMask(context, account, key, edit.mask) };
  }
  const text = Buffer.from(JSON.stringify(complete));
  return (await context.blobs.write(Readable.from([text]), Number.POSITIVE_INFINITY)).sha256;
}

async function readEdits(context: Context, sha256: string): Promise<unknown> {
  const path = context.blobs.path(sha256);
  if ((await stat(path)).size > EDITS_BYTES_MAX)
    throw invalidInput([fault("", `Must be at most ${sizeInWords(EDITS_BYTES_MAX)} of JSON.`)]);
  try {
    return JSON.parse(await readFile(path, "utf8"));
  } catch {
    throw invalidInput([fault("", "Is not JSON.")]);
  }
}

function parseEdits(value: unknown): z.infer<typeof Edits> {
  const parsed = Edits.safeParse(value);
  if (parsed.success) return parsed.data;
  throw invalidInput(parsed.error.issues.map((issue) => fault(issue.path.join("."), issue.message)));
}

function findProblems(key: string, { crop }: Edit, image: ManifestImage | undefined): InvalidField[] {
  if (image === undefined) {
    return [fault(key, "No image of the archive has this sha256. `easel check --json` lists those there are.")];
  }
  if (crop === undefined) return [];
  const [x, y, side] = crop;
  const { name, width, height } = image;
  if (x + side <= width && y + side <= height) return [];
  return [fault(`${key}.crop`, `Reaches beyond ${name}, which is ${width} × ${height} pixels.`)];
}

async function embedMask(context: Context, account: string, key: string, value: string): Promise<string> {
  const field = `${key}.mask`;
  const found = await takeFile(context, account, `edits.${field}`, value).catch(() => "elsewhere" as const);
  if (found === "elsewhere")
    throw invalidInput([fault(field, "Must be the URL of a file on this server, or a data: URI.")]);
  const path = context.blobs.path(found.sha256);
  const isSmall = (await stat(path)).size <= MASK_BYTES_MAX;
  const bytes = isSmall ? await readFile(path) : Buffer.alloc(0);
  const format = imageFormat(bytes);
  if (format === undefined)
    throw invalidInput([fault(field, "Is no picture that can be read: PNG, JPEG, WebP or AVIF.")]);
  return `data:image/${format};base64,${bytes.toString("base64")}`;
}

function fault(path: string, description: string): InvalidField {
  return { type: "edits", field: path === "" ? "input.edits" : `input.edits.${path}`, description };
}
