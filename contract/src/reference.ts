/** How models and versions are named: `owner/name`, `owner/name:version`, or a version's id alone. */
import { z } from "zod";

/** 26 characters of Crockford's base32; predictions and trainings share one space of ids. */
export const RunId = z.string().regex(/^[0-9a-hjkmnp-tv-z]{26}$/, "must be 26 characters, as in a run's link");

/** sha256 of what a version pins, in lower-case hex. */
export const VersionId = z.string().regex(/^[0-9a-f]{64}$/, "must be 64 hexadecimal digits");

const NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/;

/** An owner's or a model's name. */
export const Name = z
  .string()
  .regex(NAME, "must be 1 to 64 lower-case letters, digits, '-', '_' or '.', and begin with a letter or digit");

/** The model `owner/name`, and the version where one is named. */
export interface Reference {
  owner: string;
  name: string;
  version?: string;
}

/** Reads `owner/name` or `owner/name:version`; undefined where the text is neither. */
export function parseReference(text: string): Reference | undefined {
  const [, owner = "", name = "", version] = /^([^/:]+)\/([^/:]+)(?::([^/:]+))?$/.exec(text) ?? [];
  if (!NAME.test(owner) || !NAME.test(name)) return undefined;
  if (version === undefined) return { owner, name };
  return VersionId.safeParse(version).success ? { owner, name, version } : undefined;
}
