/** Why a model process is gone, as a sentence with figures and a way out, and as a code. */
import { freemem, totalmem } from "node:os";
import { sizeInWords } from "../files/size.ts";
import type { Loss } from "../runs/finish.ts";

export interface Death {
  /** The signal that ended it; null for an exit of its own, undefined where nobody was there to see. */
  signal: NodeJS.Signals | null | undefined;
  /** It had been told to end. */
  expected: boolean;
  /** What it had taken at most. */
  memoryBytes: number | undefined;
  /** What it wrote to its stderr last, as a passage of its own. */
  words: string;
}

/** The kernel ends a process by SIGKILL when memory runs out, and nobody else does so without a reason. */
export function causeOfDeath({ signal, expected, memoryBytes, words }: Death): Loss {
  if (signal === "SIGKILL" && !expected) {
    const held = memoryBytes === undefined ? "" : ` It had taken up to ${sizeInWords(memoryBytes)}.`;
    const machine = `This machine has ${sizeInWords(totalmem())}, of which ${sizeInWords(freemem())} are free now.`;
    const reason =
      `The model process was killed (SIGKILL), as the system does when memory runs out.${held} ${machine} ` +
      "Lower train_batch_size or resolution of a training, width, height or num_outputs of a prediction, or end other programs.";
    return { reason, code: "host_out_of_memory", words };
  }
  if (words.includes("No space left on device")) {
    const reason = "The disk is full, so the model process could not go on. Free some space and run it again.";
    return { reason, code: "disk_full", words };
  }
  return { reason: "The model process died.", code: "attempt_lost", words };
}
