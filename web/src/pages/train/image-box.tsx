/** Where images are dropped, and what a training would make of them. */
import type { PreflightReport } from "@easel/contract";
import { useRef, useState } from "react";
import { Button } from "../../parts/button.tsx";
import { ErrorNotice } from "../../parts/notice.tsx";
import { Progress } from "../../parts/progress.tsx";
import { Advice } from "./advice.tsx";
import { filesOf } from "./archive.ts";
import { Report } from "./report.tsx";
import type { Images } from "./use-images.ts";

interface ImageBoxProps {
  images: Images;
  report: PreflightReport | undefined;
  reportError: unknown;
  onSample: () => void;
}

export function ImageBox({ images, report, reportError, onSample }: ImageBoxProps) {
  const [isOver, setIsOver] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const isEmpty = images.fileUrl === undefined && images.sending === undefined && !images.entries?.length;
  const choose = () => input.current?.click();
  return (
    // What is dropped beside the box is taken too; the button in it is the way by keyboard.
    <section
      aria-label="Images"
      className={`rounded-lg p-4 sm:p-6 ${isEmpty ? "border-2 border-dashed" : "border"} ${isOver ? "border-accent bg-accent-wash" : isEmpty ? "border-edge/60 bg-surface" : "border-line bg-surface"}`}
      onDragOver={(event) => {
        event.preventDefault();
        setIsOver(true);
      }}
      onDragLeave={() => setIsOver(false)}
      onDrop={async (event) => {
        event.preventDefault();
        setIsOver(false);
        images.add(await filesOf(event.dataTransfer));
      }}
    >
      <input
        ref={input}
        type="file"
        multiple
        aria-label="Images or a zip"
        tabIndex={-1}
        className="sr-only"
        onChange={({ target }) => {
          images.add([...(target.files ?? [])]);
          target.value = "";
        }}
      />
      {isEmpty ? (
        <div className="flex flex-col gap-6">
          <div className="flex flex-col items-center gap-3 py-4 text-center">
            <p className="text-lg font-semibold">Drop images here, or a zip of them</p>
            <div className="flex flex-wrap justify-center gap-2">
              <Button look="primary" onClick={choose}>
                Choose files
              </Button>
              <Button onClick={onSample}>Use the sample set</Button>
            </div>
            <p className="text-xs text-soft">
              Any size and format. Captions may come along: caption.csv, or a .txt beside each image.
            </p>
          </div>
          <Advice />
        </div>
      ) : (
        <div className="flex flex-col gap-4">
          <div className="flex flex-wrap items-center justify-between gap-2">
            <p className="min-w-0 font-medium break-words">{images.name}</p>
            <div className="flex gap-2">
              <Button size="small" onClick={choose} disabled={images.entries === undefined}>
                Add images
              </Button>
              <Button size="small" look="quiet" onClick={images.clear}>
                Start over
              </Button>
            </div>
          </div>
          {images.sending !== undefined && <Progress label="Sending" value={images.sending} max={1} />}
          {reportError !== null && images.fileUrl !== undefined && <ErrorNotice error={reportError} />}
          {report !== undefined && images.fileUrl !== undefined && <Report report={report} images={images} />}
          {report === undefined &&
            images.sending === undefined &&
            images.fileUrl !== undefined &&
            reportError === null && <p className="text-sm text-soft">Looking at the images…</p>}
        </div>
      )}
      {images.error !== null && images.error !== undefined && (
        <div className="mt-4">
          <ErrorNotice error={images.error} />
        </div>
      )}
    </section>
  );
}
