/** The preflight report: every image as it will be used or not, why, and what can be done about it here. */
import type { PreflightReport } from "@easel/contract";
import { useState } from "react";
import { Button } from "../../parts/button.tsx";
import { Notice } from "../../parts/notice.tsx";
import type { Images } from "./use-images.ts";

type Used = PreflightReport["used"][number];

export function Report({ report, images }: { report: PreflightReport; images: Images }) {
  const [kept, setKept] = useState<string[]>([]);
  const urls = new Map(images.entries?.map(({ name, url }) => [name, url]));
  const canRemove = images.entries !== undefined && images.sending === undefined;
  const pairs = report.duplicates.filter((pair) => !kept.includes(pair.join("\n")));
  return (
    <div className="flex flex-col gap-4">
      <Verdict report={report} />
      {pairs.map((pair) => (
        <Notice
          key={pair.join("\n")}
          tone="warn"
          title="Twice the same picture"
          actions={
            <>
              {canRemove &&
                pair.map((name) => (
                  <Button key={name} size="small" onClick={() => images.remove([name])}>
                    Drop {name}
                  </Button>
                ))}
              <Button size="small" look="quiet" onClick={() => setKept([...kept, pair.join("\n")])}>
                Keep both
              </Button>
            </>
          }
        >
          <span className="flex gap-2">
            {pair.map((name) => (
              <Thumbnail key={name} url={urls.get(name)} name={name} className="size-20" />
            ))}
          </span>
          {pair.join(" and ")} have the same bytes. It would count twice.
        </Notice>
      ))}
      {report.used.length > 0 && (
        <ul className="grid grid-cols-[repeat(auto-fill,minmax(5.5rem,1fr))] gap-2">
          {report.used.map((image) => (
            <UsedImage
              key={image.file}
              image={image}
              url={urls.get(image.file)}
              onRemove={canRemove ? () => images.remove([image.file]) : undefined}
            />
          ))}
        </ul>
      )}
      <Skipped report={report} urls={urls} />
    </div>
  );
}

function Verdict({ report }: { report: PreflightReport }) {
  const { used, captions, verdict, advice } = report;
  const own = captions.csv + captions.txt;
  const count = `${used.length} ${used.length === 1 ? "image" : "images"}`;
  const words =
    own === 0
      ? "captions will be written"
      : `${own} captions of yours${captions.made > 0 ? `, ${captions.made} will be written` : ""}`;
  const titles = {
    ready: `Ready: ${count}, ${words}`,
    "needs attention": `${count}, ${words}. Look at this first`,
    blocked: "Nothing can be trained on this",
  };
  const tones = { ready: "good", "needs attention": "warn", blocked: "bad" } as const;
  return (
    <Notice tone={tones[verdict]} title={titles[verdict]}>
      {advice.length > 0 ? advice.join("\n") : undefined}
    </Notice>
  );
}

function UsedImage({
  image,
  url,
  onRemove,
}: {
  image: Used;
  url: string | undefined;
  onRemove: (() => void) | undefined;
}) {
  return (
    <li className="group relative min-w-0">
      <Thumbnail url={url} name={image.file} className="aspect-square w-full" />
      {onRemove && (
        <button
          type="button"
          onClick={onRemove}
          aria-label={`Drop ${image.file}`}
          title={`Drop ${image.file}`}
          className="absolute top-1 right-1 size-6 rounded-full border border-line bg-surface text-xs text-soft opacity-0 group-hover:opacity-100 hover:text-bad focus-visible:opacity-100 pointer-coarse:opacity-100"
        >
          ✕
        </button>
      )}
      <p className="mt-1 truncate text-xs" title={image.file}>
        {image.file}
      </p>
      {image.notes.map((note) => (
        <p key={note} className="text-xs text-warn">
          {note}
        </p>
      ))}
    </li>
  );
}

function Thumbnail({ url, name, className }: { url: string | undefined; name: string; className: string }) {
  if (url === undefined) {
    return (
      <span
        className={`grid place-items-center rounded-md bg-sunken text-xs text-soft ${className}`}
        aria-hidden="true"
      >
        {name.slice(name.lastIndexOf(".") + 1).slice(0, 5)}
      </span>
    );
  }
  return <img src={url} alt={name} loading="lazy" className={`rounded-md bg-sunken object-cover ${className}`} />;
}

function Skipped({ report, urls }: { report: PreflightReport; urls: Map<string, string | undefined> }) {
  // What an operating system leaves behind is nobody's worry.
  const skipped = report.skipped.filter(({ fix }) => fix !== null);
  if (skipped.length === 0) return null;
  return (
    <div>
      <h3 className="mb-2 text-sm font-semibold">Not used</h3>
      <ul className="flex flex-col gap-2">
        {skipped.map(({ file, reason, fix }) => (
          <li key={file} className="flex items-start gap-3 text-sm">
            <Thumbnail url={urls.get(file)} name={file} className="size-10 shrink-0" />
            <p className="min-w-0 break-words">
              <span className="font-medium">{file}</span> {reason}. <span className="text-soft">{fix}</span>
            </p>
          </li>
        ))}
      </ul>
    </div>
  );
}
