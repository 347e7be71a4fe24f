/** The code that a run failed with: programs go by it, and docs/troubleshooting.md explains it. */
import type { Story } from "../../story.ts";

export function FailureCode({ story }: { story: Story }) {
  if (story.errorCode === undefined) return null;
  return <span className="mt-2 block font-mono text-xs text-soft">{story.errorCode}</span>;
}
