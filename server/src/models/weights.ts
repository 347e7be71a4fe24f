/**
 * Looks at a tar of trained weights before anything is published: that it is the file that was hashed, that it can be read to
 * its end, and that each safetensors file in it has a header that holds together. Numbers are not judged here; the model
 * process draws a picture from the same tar for that.
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import tar from "tar-stream";
import { z } from "zod";
import { hashFile } from "../files/hash.ts";
import { CARD_BYTES_MAX, CARD_NAME } from "./card.ts";

export class WeightsError extends Error {}

const HEADER_BYTES_MAX = 10_000_000;
const SAFETENSORS = [".safetensors", ".pti"];
const Tensor = z.object({
  dtype: z.string(),
  shape: z.array(z.int().min(0)),
  data_offsets: z.tuple([z.int().min(0), z.int().min(0)]),
});

/** Throws WeightsError with a sentence when the file's bytes are not those that were reported. */
export async function checkBytes(path: string, reported: { sha256: string; size: number }): Promise<void> {
  const { size } = await stat(path).catch(() => ({ size: -1 }));
  if (size !== reported.size)
    throw new WeightsError(`the file has ${size} bytes where ${reported.size} were reported.`);
  if ((await hashFile(path)) !== reported.sha256) throw new WeightsError("the file is not the one that was reported.");
}

/**
 * Gives the text of the model card in it, if it has one. Throws WeightsError with a sentence when the file is not what was
 * reported, or is damaged.
 */
export async function checkWeights(
  path: string,
  reported: { sha256: string; size: number },
): Promise<string | undefined> {
  const { size } = await stat(path).catch(() => ({ size: -1 }));
  if (size !== reported.size)
    throw new WeightsError(`the file has ${size} bytes where ${reported.size} were reported.`);
  const hash = createHash("sha256");
  const extract = tar.extract();
  const source = createReadStream(path);
  const tee = new PassThrough({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      done(null, chunk);
    },
  });
  const reading = pipeline(source, tee, extract);
  // A reader that stops half-way destroys the stream; what the pipeline says then is only an echo of the real error.
  reading.catch(() => {});
  let entries = 0;
  let card: string | undefined;
  try {
    for await (const entry of extract) {
      entries += 1;
      if (SAFETENSORS.some((suffix) => entry.header.name.endsWith(suffix))) {
        await checkSafetensors(entry, entry.header.name, entry.header.size ?? 0);
      } else if (entry.header.name === CARD_NAME && (entry.header.size ?? 0) <= CARD_BYTES_MAX) {
        card = await text(entry);
      } else {
        entry.resume();
      }
    }
    await reading;
  } catch (error) {
    if (error instanceof WeightsError) throw error;
    throw new WeightsError(`the tar cannot be read (${error instanceof Error ? error.message : String(error)}).`);
  }
  if (entries === 0) throw new WeightsError("the tar is empty.");
  if (hash.digest("hex") !== reported.sha256)
    throw new WeightsError("its contents are not those that were reported (sha256 differs).");
  return card;
}

/** Reads the header and checks that the tensors fill the file without gap or overlap; the rest streams by. */
async function checkSafetensors(entry: AsyncIterable<unknown>, name: string, size: number): Promise<void> {
  let head = Buffer.alloc(0);
  let headerBytes = -1;
  for await (const chunk of entry) {
    if (!Buffer.isBuffer(chunk) || (headerBytes >= 0 && head.length >= 8 + headerBytes)) continue;
    head = Buffer.concat([head, chunk]);
    if (headerBytes < 0 && head.length >= 8) headerBytes = Number(head.readBigUInt64LE(0));
    if (headerBytes > HEADER_BYTES_MAX) throw new WeightsError(`the header of ${name} claims ${headerBytes} bytes.`);
  }
  if (headerBytes < 0 || head.length < 8 + headerBytes) throw new WeightsError(`${name} ends inside its header.`);
  let end = 0;
  for (const tensor of parseTensors(head.subarray(8, 8 + headerBytes), name)) {
    const [from, to] = tensor.data_offsets;
    if (from !== end || to < from) throw new WeightsError(`the tensors of ${name} overlap or leave a gap.`);
    end = to;
  }
  if (end === 0) throw new WeightsError(`${name} holds no tensor.`);
  if (8 + headerBytes + end !== size)
    throw new WeightsError(`${name} has ${size} bytes where its header promises ${8 + headerBytes + end}.`);
}

function parseTensors(header: Buffer, name: string): z.infer<typeof Tensor>[] {
  try {
    const { __metadata__: _metadata, ...tensors } = z
      .record(z.string(), z.unknown())
      .parse(JSON.parse(header.toString("utf8")));
    const parsed = Object.values(tensors).map((tensor) => Tensor.parse(tensor));
    return parsed.sort((a, b) => a.data_offsets[0] - b.data_offsets[0]);
  } catch {
    throw new WeightsError(`the header of ${name} is damaged.`);
  }
}
