/** Every image as the training will see it, with its caption and mask: the last look before the start. */
import type { InputField, PreflightReport } from "@easel/contract";
import { useQuery } from "@tanstack/react-query";
import { useRef, useState } from "react";
import type { FormValues } from "../../form-values.ts";
import { Button } from "../../parts/button.tsx";
import { CheckField } from "../../parts/field.tsx";
import { ErrorNotice } from "../../parts/notice.tsx";
import { Page } from "../../parts/page.tsx";
import { Progress } from "../../parts/progress.tsx";
import type { PreparedImage } from "../../prepared.ts";
import type { Entry } from "./archive.ts";
import { type Edits, edited } from "./edits.ts";
import { FindAndReplace } from "./find-and-replace.tsx";
import { decidingValues, prepareImages } from "./prepare.ts";
import { ReviewImage } from "./review-image.tsx";

interface ReviewProps {
  archiveUrl: string;
  entries: Entry[] | undefined;
  report: PreflightReport | undefined;
  fields: InputField[];
  values: FormValues;
  edits: Edits;
  onEdits: (edits: Edits) => void;
  onBack: () => void;
  /** With the edits as they were reviewed. */
  onStart: (edits: Edits) => void;
  isStarting: boolean;
  error: unknown;
}

export function Review(props: ReviewProps) {
  const { archiveUrl, entries, report, fields, values, edits, onEdits } = props;
  const [stage, setStage] = useState({ done: 0, total: 0 });
  const [showsMasks, setShowsMasks] = useState(true);
  const list = useRef<HTMLUListElement>(null);
  const prepared = useQuery({
    queryKey: ["prepared for review", archiveUrl, decidingValues(values)],
    queryFn: ({ signal }) =>
      prepareImages(archiveUrl, fields, values, (done, total) => setStage({ done, total }), signal),
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
  const images = prepared.data ?? [];
  const captionOf = (image: PreparedImage) => edits[image.source_sha256]?.caption ?? image.caption;
  const setCaption = (all: Edits, image: PreparedImage, caption: string) =>
    edited(all, image.source_sha256, { caption: caption === image.caption ? undefined : caption });
  const dropped = images.filter((image) => edits[image.source_sha256]?.drop).length;
  const originalOf = (image: PreparedImage) => {
    const file = report?.used.find(({ sha256 }) => sha256 === image.source_sha256)?.file;
    return entries?.find(({ name }) => name === file)?.url;
  };
  /** Enter in a caption leads to the next one, with Shift to the one before. */
  const moveFrom = (from: HTMLTextAreaElement, by: 1 | -1) => {
    const captions = [...(list.current?.querySelectorAll("textarea") ?? [])];
    captions[captions.indexOf(from) + by]?.focus();
  };
  return (
    <Page
      title="Review images"
      lead="Each picture as the training will see it. Captions, crops and masks can be changed here; Enter leads to the next caption."
      actions={
        images.some(({ maskUrl }) => maskUrl) && (
          <CheckField label="Show masks" value={showsMasks} onChange={setShowsMasks} />
        )
      }
    >
      <div className="flex flex-col gap-4 sm:gap-6">
        {prepared.isPending && (
          <div className="flex flex-col gap-3 rounded-lg border border-line bg-surface p-6">
            <p className="font-medium">Cropping, masking, captioning…</p>
            <Progress
              label="Preparing the images"
              value={stage.total ? stage.done : undefined}
              max={stage.total || undefined}
            />
          </div>
        )}
        {prepared.isError && (
          <ErrorNotice
            error={prepared.error}
            actions={
              <Button size="small" onClick={() => prepared.refetch()}>
                Try again
              </Button>
            }
          />
        )}
        {images.length > 0 && (
          <>
            <FindAndReplace
              captions={images.map(captionOf)}
              onReplace={(replace) =>
                onEdits(images.reduce((all, image) => setCaption(all, image, replace(captionOf(image))), edits))
              }
            />
            <ul ref={list} className="grid gap-4 sm:grid-cols-2 lg:grid-cols-3">
              {images.map((image) => (
                <ReviewImage
                  key={image.file}
                  image={image}
                  original={originalOf(image)}
                  edit={edits[image.source_sha256] ?? {}}
                  showsMask={showsMasks}
                  onCaption={(caption) => onEdits(setCaption(edits, image, caption))}
                  onEdit={(change) => onEdits(edited(edits, image.source_sha256, change))}
                  onMove={moveFrom}
                />
              ))}
            </ul>
          </>
        )}
        {props.error !== null && <ErrorNotice error={props.error} />}
        <div className="sticky bottom-0 -mx-4 flex flex-wrap items-center justify-between gap-3 border-t border-line bg-canvas/95 px-4 py-3 backdrop-blur sm:mx-0 sm:rounded-lg sm:border sm:px-6">
          <p className="text-sm text-soft">
            {images.length > 0 && `${images.length - dropped} of ${images.length} images`}
          </p>
          <div className="flex flex-1 gap-2 *:flex-1 sm:flex-none">
            <Button onClick={props.onBack}>Back</Button>
            <Button
              look="primary"
              busy={props.isStarting}
              disabled={images.length === dropped}
              onClick={() => props.onStart(withReviewed(images, edits))}
            >
              Start training
            </Button>
          </div>
        </div>
      </div>
    </Page>
  );
}

/** Captions that were written here are sent along: the base that is trained might word them otherwise. */
function withReviewed(images: PreparedImage[], edits: Edits): Edits {
  return images
    .filter(({ caption_source }) => caption_source === "made")
    .reduce(
      (all, { source_sha256, caption }) =>
        edited(all, source_sha256, { caption: all[source_sha256]?.caption ?? caption }),
      edits,
    );
}
