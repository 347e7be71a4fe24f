/** The hash of a file as it lies on the disk, read in pieces. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";

/** Hex SHA-256. Rejects where the file cannot be read. */
export async function hashFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return hash.digest("hex");
}
