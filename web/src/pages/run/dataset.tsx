/** The dataset as the training sees it: every square, its caption, and what was done to it. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Button } from "../../parts/button.tsx";
import { Card } from "../../parts/card.tsx";
import { ErrorNotice } from "../../parts/notice.tsx";
import { Picture } from "../../parts/picture.tsx";
import { readPrepared } from "../../prepared.ts";

const SHOWN_AT_FIRST = 8;

export function Dataset({ url }: { url: string }) {
  const [all, setAll] = useState(false);
  const { data, error } = useQuery({
    queryKey: ["prepared", url],
    queryFn: () => readPrepared(url),
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (error) return <ErrorNotice error={error} />;
  if (data === undefined) return null;
  const shown = all ? data : data.slice(0, SHOWN_AT_FIRST);
  return (
    <Card title={`Dataset, ${data.length} ${data.length === 1 ? "image" : "images"}`}>
      <ul className="grid grid-cols-2 gap-3 sm:grid-cols-4 lg:grid-cols-8">
        {shown.map((image) => (
          <li key={image.file}>
            <figure>
              <Picture url={image.url} alt={image.name} className="aspect-square" />
              <figcaption className="mt-1 text-xs break-words">
                {image.caption}
                {image.notes.length > 0 && <span className="block text-soft">{image.notes.join("; ")}</span>}
              </figcaption>
            </figure>
          </li>
        ))}
      </ul>
      {data.length > shown.length && (
        <Button look="quiet" size="small" className="mt-3" onClick={() => setAll(true)}>
          Show all {data.length}
        </Button>
      )}
    </Card>
  );
}
