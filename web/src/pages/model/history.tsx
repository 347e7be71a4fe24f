/** What this model has drawn before; a click puts a picture's input back into the form. */
import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { Card } from "../../parts/card.tsx";
import { Picture } from "../../parts/picture.tsx";
import { picturesOf, predictionsQuery } from "../../runs.ts";

const SHOWN_MAX = 24;

export function History({ reference }: { reference: string }) {
  const { data } = useQuery(predictionsQuery);
  const params = useParams({ from: "/$owner/$name" });
  const drawn = (data?.results ?? [])
    .filter(({ model }) => model === reference)
    .flatMap((run) => picturesOf(run).map((url) => ({ run, url })))
    .slice(0, SHOWN_MAX);
  if (drawn.length === 0) return null;
  return (
    <Card title="Drawn before">
      <ul className="grid grid-cols-[repeat(auto-fill,minmax(6rem,1fr))] gap-3">
        {drawn.map(({ run, url }) => (
          <li key={url}>
            <Link to="/$owner/$name" params={params} search={{ from: run.id }} className="block rounded-md">
              <Picture url={url} alt={`Use again: ${String(run.input.prompt ?? run.id)}`} />
            </Link>
          </li>
        ))}
      </ul>
    </Card>
  );
}
