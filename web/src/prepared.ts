/** Reads a prepared archive: the squares that a training sees, each with its caption, mask and how they came about. */
import { unzipSync } from "fflate";
import { z } from "zod";

/** `crop` is [x, y, side] in pixels of the upright image, which is `width` × `height`. */
const Entry = z.object({
  file: z.string(),
  name: z.string(),
  source_sha256: z.string(),
  width: z.number(),
  height: z.number(),
  crop: z.tuple([z.number(), z.number(), z.number()]),
  mask_file: z.string().nullable(),
  mask_source: z.string(),
  caption: z.string(),
  caption_source: z.string(),
  notes: z.array(z.string()),
});
const Listing = z.object({ images: z.array(Entry) });

export interface PreparedImage extends z.infer<typeof Entry> {
  /** Of the square; a blob of this page. */
  url: string;
  maskUrl: string | undefined;
}

/** Fetches the archive at `url`, a path of this server. Throws where it is not what we wrote. */
export async function readPrepared(url: string): Promise<PreparedImage[]> {
  const reply = await fetch(url);
  if (!reply.ok) throw new Error(`The prepared images cannot be fetched (${reply.status}).`);
  const files = unzipSync(new Uint8Array(await reply.arrayBuffer()));
  const listing = files["dataset.json"];
  if (listing === undefined) throw new Error("The prepared images lack their list, dataset.json.");
  const { images } = Listing.parse(JSON.parse(new TextDecoder().decode(listing)));
  return images.map((image) => ({
    ...image,
    url: blobUrl(files[image.file]),
    maskUrl: image.mask_file === null ? undefined : blobUrl(files[image.mask_file]),
  }));
}

function blobUrl(bytes: Uint8Array<ArrayBuffer> | undefined): string {
  if (bytes === undefined) throw new Error("The prepared images lack one of their files.");
  return URL.createObjectURL(new Blob([bytes], { type: "image/png" }));
}
