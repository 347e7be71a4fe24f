/** Ids and secrets, each in the format that Replicate's clients expect. All come from the system's random source. */
import { createHash, randomBytes } from "node:crypto";

const BASE32 = "0123456789abcdefghjkmnpqrstvwxyz";

/** A run's id: 26 characters of Crockford's base32, 130 random bits. Predictions and trainings share the space. */
export function newRunId(): string {
  return Array.from(randomBytes(26), (byte) => BASE32[byte & 31]).join("");
}

/** A file's id: 48 URL-safe characters. */
export function newFileId(): string {
  return randomBytes(36).toString("base64url");
}

/** An id that only the server reads: models, processes. */
export function newInternalId(): string {
  return randomBytes(12).toString("hex");
}

/** A webhook message's id, which its receiver knows a repetition by. */
export function newMessageId(): string {
  return `msg_${newRunId()}`;
}

/** An API token, shaped like Replicate's: `r8_` and 37 characters, over 180 random bits. */
export function newToken(): string {
  return `r8_${Array.from(randomBytes(37), (byte) => BASE32[byte & 31]).join("")}`;
}

export function sha256Hex(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}
