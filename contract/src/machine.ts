/** The machine that Easel runs on, as everybody with an account may see it: what computes, what waits, what is full. */
import { z } from "zod";

const bytes = z.int().min(0);

export const Machine = z.object({
  devices: z.array(
    z.object({ name: z.string(), kind: z.enum(["cpu", "gpu"]), label: z.string(), memory_bytes: bytes }),
  ),
  /** Runs of all accounts. */
  queue: z.object({ waiting: z.int(), running: z.int() }),
  /** `free_bytes`: of the disk with the data folder. */
  storage: z.object({ free_bytes: bytes, files_bytes: bytes, weights_bytes: bytes }),
});
export type Machine = z.infer<typeof Machine>;
