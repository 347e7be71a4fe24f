/** One image of the review: its square, its caption, and what can be changed about it. */
import { useId, useState } from "react";
import { Button } from "../../parts/button.tsx";
import { inputClass } from "../../parts/field.tsx";
import type { PreparedImage } from "../../prepared.ts";
import { CropDialog } from "./crop-dialog.tsx";
import type { Edit } from "./edits.ts";

interface ReviewImageProps {
  image: PreparedImage;
  /** The picture as it was sent, where this page has it. */
  original: string | undefined;
  edit: Edit;
  showsMask: boolean;
  onCaption: (caption: string) => void;
  onEdit: (change: Edit) => void;
  onMove: (from: HTMLTextAreaElement, by: 1 | -1) => void;
}

export function ReviewImage({ image, original, edit, showsMask, onCaption, onEdit, onMove }: ReviewImageProps) {
  const [isCropping, setCropping] = useState(false);
  const id = useId();
  const caption = edit.caption ?? image.caption;
  const hasMask = image.maskUrl !== undefined;
  return (
    <li
      className={`flex min-w-0 flex-col gap-3 rounded-lg border border-line bg-surface p-3 ${edit.drop ? "opacity-50" : ""}`}
    >
      <div className="relative aspect-square overflow-hidden rounded-md bg-sunken">
        {edit.crop !== undefined && original !== undefined ? (
          <Cropped url={original} image={image} crop={edit.crop} />
        ) : (
          <img src={image.url} alt={image.name} className="size-full object-cover" />
        )}
        {hasMask && showsMask && edit.mask === undefined && edit.crop === undefined && (
          <img
            src={image.maskUrl}
            alt=""
            className="absolute inset-0 size-full object-cover opacity-70 mix-blend-multiply"
          />
        )}
        {edit.drop && (
          <p className="absolute inset-x-0 bottom-0 bg-surface/90 p-2 text-center text-sm font-medium">Left out</p>
        )}
      </div>
      <div>
        <label htmlFor={id} className="mb-1 flex justify-between gap-2 text-xs text-soft">
          <span className="truncate">{image.name}</span>
          <span className="shrink-0">{sourceWords(image, edit)}</span>
        </label>
        <textarea
          id={id}
          rows={2}
          disabled={edit.drop}
          value={caption}
          className={inputClass}
          onChange={(event) => onCaption(event.target.value.replace(/\n/g, " "))}
          onKeyDown={(event) => {
            if (event.key !== "Enter" || event.nativeEvent.isComposing) return;
            event.preventDefault();
            onMove(event.currentTarget, event.shiftKey ? -1 : 1);
          }}
        />
        {image.notes.map((note) => (
          <p key={note} className="mt-1 text-xs text-warn">
            {note}
          </p>
        ))}
      </div>
      <div className="mt-auto flex flex-wrap gap-2">
        {original !== undefined && (
          <Button size="small" disabled={edit.drop} onClick={() => setCropping(true)}>
            Crop
          </Button>
        )}
        {hasMask && (
          <Button
            size="small"
            aria-pressed={edit.mask === undefined}
            disabled={edit.drop}
            onClick={() => onEdit({ mask: edit.mask === undefined ? allCounts() : undefined })}
          >
            {edit.mask === undefined ? "Mask on" : "Mask off"}
          </Button>
        )}
        <Button size="small" look="quiet" onClick={() => onEdit({ drop: edit.drop ? undefined : true })}>
          {edit.drop ? "Take it back" : "Leave out"}
        </Button>
      </div>
      {original !== undefined && isCropping && (
        <CropDialog
          url={original}
          image={image}
          crop={edit.crop ?? image.crop}
          onClose={() => setCropping(false)}
          onCrop={(crop) => onEdit({ crop })}
        />
      )}
    </li>
  );
}

/** The square of the whole picture, by moving and scaling it behind a window. */
function Cropped({
  url,
  image,
  crop: [x, y, side],
}: {
  url: string;
  image: PreparedImage;
  crop: [number, number, number];
}) {
  return (
    <img
      src={url}
      alt={image.name}
      className="absolute max-w-none"
      style={{
        width: `${(image.width / side) * 100}%`,
        left: `${(-x / side) * 100}%`,
        top: `${(-y / side) * 100}%`,
      }}
    />
  );
}

function sourceWords({ caption_source }: PreparedImage, edit: Edit): string {
  if (edit.caption !== undefined) return "changed";
  return caption_source === "made" ? "written for you" : "yours";
}

/** A mask in which everything counts: white all over. */
function allCounts(): string {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 64;
  const context = canvas.getContext("2d");
  if (context !== null) {
    context.fillStyle = "#ffffff";
    context.fillRect(0, 0, 64, 64);
  }
  return canvas.toDataURL("image/png");
}
