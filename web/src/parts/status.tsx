/** A run's status as a word with a colour; never the colour alone. */
import type { RunStatus } from "@easel/contract";

const LOOKS: Record<RunStatus, { word: string; look: string }> = {
  starting: { word: "Waiting", look: "bg-sunken text-soft" },
  processing: { word: "Running", look: "bg-accent-wash text-accent" },
  succeeded: { word: "Succeeded", look: "bg-good-wash text-good" },
  failed: { word: "Failed", look: "bg-bad-wash text-bad" },
  canceled: { word: "Canceled", look: "bg-sunken text-soft" },
};

export function Status({ status }: { status: RunStatus }) {
  const { word, look } = LOOKS[status];
  return (
    <span className={`inline-flex items-center gap-1.5 rounded-full px-2.5 py-0.5 text-xs font-semibold ${look}`}>
      <span
        aria-hidden="true"
        className={`size-1.5 rounded-full bg-current ${status === "processing" ? "motion-safe:animate-pulse" : ""}`}
      />
      {word}
    </span>
  );
}
