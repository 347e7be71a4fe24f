/** A bar of blocks, in eighths of a column. */
import type { Terminal } from "./terminal.ts";

const EIGHTHS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/** Draws `share` (0 to 1) of `width` columns, then the percentage. */
export function drawBar(share: number, { paint }: Pick<Terminal, "paint">, width = 24): string {
  const part = Math.min(1, Math.max(0, Number.isFinite(share) ? share : 1));
  const eighths = Math.floor(part * width * 8);
  const full = "█".repeat(Math.floor(eighths / 8)) + (EIGHTHS[eighths % 8] ?? "");
  return `${paint.cyan(full)}${paint.dim("·".repeat(width - full.length))} ${String(Math.floor(part * 100)).padStart(3)} %`;
}
