/** Versions with the schemas that are in the repository. */
import { readFileSync } from "node:fs";
import { Version } from "@easel/contract";

export function versionOf(path: "bases/emoji" | "models/echo"): Version {
  const schema = JSON.parse(readFileSync(new URL(`../../../${path}/openapi.json`, import.meta.url), "utf8"));
  return Version.parse({
    id: "e".repeat(64),
    created_at: "2026-11-23T06:40:00.123Z",
    cog_version: "0.23.1",
    openapi_schema: schema,
  });
}
