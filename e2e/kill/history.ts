/**
 * What the clients know: one line for each thing that the server has acknowledged, written before the client goes on.
 * Nothing is ever taken back, so whatever stands here has to be found again in the database and the folders.
 */
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { z } from "zod";

const Entry = z.discriminatedUnion("did", [
  z.object({ did: z.literal("upload"), id: z.string(), sha256: z.string() }),
  z.object({ did: z.literal("create"), id: z.string(), kind: z.enum(["training", "prediction"]), seed: z.int() }),
  z.object({ did: z.literal("cancel"), id: z.string() }),
  /** The row of a run that was seen ended; it may never change again. */
  z.object({ did: z.literal("see end"), id: z.string(), row: z.string() }),
]);
export type Entry = z.infer<typeof Entry>;

export class History {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  write(entry: Entry): void {
    appendFileSync(this.#path, `${JSON.stringify(entry)}\n`);
  }

  read(): Entry[] {
    if (!existsSync(this.#path)) return [];
    const lines = readFileSync(this.#path, "utf8").split("\n").filter(Boolean);
    return lines.map((line) => Entry.parse(JSON.parse(line)));
  }
}
