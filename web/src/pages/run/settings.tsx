/** What a run was given, as it was given: what is not here had its default. */
import type { Prediction, Training } from "@easel/contract";
import { localPath } from "../../client.ts";
import { Card } from "../../parts/card.tsx";
import { Facts } from "../../parts/facts.tsx";

export function Settings({ run }: { run: Training | Prediction }) {
  const given = Object.entries(run.input).map(([name, value]) => [name, <Value key={name} value={value} />] as const);
  return (
    <Card title="Settings">
      <Facts
        facts={[
          ...given,
          [
            "version",
            <span key="version" className="font-mono text-xs break-all">
              {run.version}
            </span>,
          ],
          [
            "run",
            <span key="run" className="font-mono text-xs break-all">
              {run.id}
            </span>,
          ],
        ]}
      />
    </Card>
  );
}

function Value({ value }: { value: unknown }) {
  if (typeof value !== "string") return <span className="font-mono text-xs break-all">{JSON.stringify(value)}</span>;
  if (!/^https?:\/\//.test(value)) return <span className="whitespace-pre-wrap">{value}</span>;
  const isOwn = /\/v1\/files\/[\w-]+$/.test(value);
  if (!isOwn) return <span className="break-all">{value}</span>;
  return (
    <a href={`${localPath(value)}/download`} className="text-accent underline">
      the file that was sent
    </a>
  );
}
