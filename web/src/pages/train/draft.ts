/** A training that is being put together. Kept for this tab, so that a reload loses nothing. */
import { useCallback, useEffect, useState } from "react";
import { z } from "zod";
import type { FormValues } from "../../form-values.ts";
import { Edits } from "./edits.ts";

const Archive = z.object({ url: z.string(), name: z.string() });

const Draft = z.object({
  /** `owner/name` of an own model; empty for one that is made at the start. */
  destination: z.string(),
  newName: z.string(),
  /** The fields that were touched, but for the images and the edits. A chosen file is not kept over a reload. */
  values: z.record(z.string(), z.union([z.string(), z.boolean()]).optional()),
  edits: Edits,
  archive: Archive.optional(),
});
export type Draft = Omit<z.infer<typeof Draft>, "values"> & { values: FormValues };

const KEY = "easel-draft";
export const EMPTY: Draft = { destination: "", newName: "", values: {}, edits: {} };

export function readDraft(): Draft {
  try {
    return Draft.parse(JSON.parse(sessionStorage.getItem(KEY) ?? ""));
  } catch {
    return EMPTY;
  }
}

export function forgetDraft(): void {
  try {
    sessionStorage.removeItem(KEY);
  } catch {
    // Storage can be forbidden; then there is nothing to forget.
  }
}

/** `start` instead of what was kept, where it is given. */
export function useDraft(start: Draft | undefined) {
  const [draft, setDraft] = useState(() => start ?? readDraft());
  useEffect(() => {
    try {
      sessionStorage.setItem(
        KEY,
        JSON.stringify(draft, (_, value) => (value instanceof File ? undefined : value)),
      );
    } catch {
      // Masks can be larger than what a tab may keep: the page itself still has them.
    }
  }, [draft]);
  const change = useCallback(
    (some: Partial<Draft> | ((before: Draft) => Partial<Draft>)) =>
      setDraft((before) => ({ ...before, ...(typeof some === "function" ? some(before) : some) })),
    [],
  );
  return { draft, change };
}
