/** One line of the doctor's report. */
export interface Finding {
  check: string;
  status: "ok" | "warn" | "fail";
  detail: string;
  /** What to do; absent where all is well. */
  fix?: string;
}

export const STATUS_MARKS = { ok: "ok  ", warn: "warn", fail: "FAIL" } as const;
