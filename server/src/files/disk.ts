/** What a full disk is to the one who sent the bytes. */
import { HttpError } from "../errors.ts";

/** The error as it should be thrown on: a full disk or quota becomes a 507 with the way out. */
export function explainDiskError(error: unknown): unknown {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code !== "ENOSPC" && code !== "EDQUOT") return error;
  return new HttpError(507, "The disk that holds the server's data is full. Free some space and try again.", {
    title: "Insufficient storage",
  });
}
