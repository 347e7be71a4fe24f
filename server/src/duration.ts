/** Lengths of time as people write them: `90`, `30s`, `5m`, `1h30m45s`, `7d`. Knows nothing of what they are for. */

const UNITS = { d: 86_400, h: 3600, m: 60, s: 1 } as const;

/** Seconds, a number without a unit too; undefined where it is no such text. */
export function readDuration(text: string): number | undefined {
  const trimmed = text.trim();
  if (/^\d{1,9}$/.test(trimmed)) return Number(trimmed);
  const match = /^(?:(\d{1,6})d)?(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,6})s)?$/.exec(trimmed);
  if (match === null || trimmed === "") return undefined;
  const [, d = 0, h = 0, m = 0, s = 0] = match;
  return Number(d) * UNITS.d + Number(h) * UNITS.h + Number(m) * UNITS.m + Number(s) * UNITS.s;
}
