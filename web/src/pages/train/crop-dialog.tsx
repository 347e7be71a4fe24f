/** Where a picture is cut: a square that is dragged, or moved and sized by sliders, which work by keyboard. */
import { type PointerEvent, useRef, useState } from "react";
import { Button } from "../../parts/button.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { RangeField } from "../../parts/field.tsx";
import type { PreparedImage } from "../../prepared.ts";

type Crop = [x: number, y: number, side: number];

/** The smallest square that the server takes. */
const SIDE_MIN = 16;

interface CropDialogProps {
  url: string;
  image: PreparedImage;
  crop: Crop;
  onClose: () => void;
  /** Undefined goes back to the crop that was found. */
  onCrop: (crop: Crop | undefined) => void;
}

export function CropDialog({ url, image, crop, onClose, onCrop }: CropDialogProps) {
  const { width, height } = image;
  const [[x, y, side], setCrop] = useState(crop);
  const picture = useRef<HTMLDivElement>(null);
  const dragged = useRef<{ pointer: [number, number]; from: Crop; isSizing: boolean }>(null);
  const put = (next: Crop) => setCrop(fitted(next, width, height));
  const grab = (event: PointerEvent, isSizing: boolean) => {
    event.stopPropagation();
    event.currentTarget.setPointerCapture(event.pointerId);
    dragged.current = { pointer: [event.clientX, event.clientY], from: [x, y, side], isSizing };
  };
  const drag = (event: PointerEvent) => {
    if (dragged.current === null || picture.current === null) return;
    const scale = width / picture.current.clientWidth;
    const { pointer, from, isSizing } = dragged.current;
    const [dx, dy] = [(event.clientX - pointer[0]) * scale, (event.clientY - pointer[1]) * scale];
    put(isSizing ? [from[0], from[1], from[2] + Math.max(dx, dy)] : [from[0] + dx, from[1] + dy, from[2]]);
  };
  const release = () => {
    dragged.current = null;
  };
  const percent = (value: number, of: number) => `${(value / of) * 100}%`;
  return (
    <Dialog open onClose={onClose} title={`Crop ${image.name}`} wide>
      <div ref={picture} className="relative mx-auto my-4 w-fit touch-none overflow-hidden select-none">
        <img src={url} alt="" draggable={false} className="block max-h-[50dvh] max-w-full" />
        <div
          onPointerDown={(event) => grab(event, false)}
          onPointerMove={drag}
          onPointerUp={release}
          className="absolute cursor-move border-2 border-white outline-1 outline-black/60"
          style={{
            left: percent(x, width),
            top: percent(y, height),
            width: percent(side, width),
            height: percent(side, height),
            boxShadow: "0 0 0 100vmax rgb(0 0 0 / 0.55)",
          }}
        >
          <div
            onPointerDown={(event) => grab(event, true)}
            onPointerMove={drag}
            onPointerUp={release}
            className="absolute right-0 bottom-0 size-6 cursor-nwse-resize rounded-full border-2 border-white bg-accent"
          />
        </div>
      </div>
      <div className="grid gap-x-6 gap-y-2 sm:grid-cols-3">
        <RangeField
          label="Left"
          value={x}
          min={0}
          max={width - side}
          step={1}
          onChange={(value) => put([value, y, side])}
        />
        <RangeField
          label="Top"
          value={y}
          min={0}
          max={height - side}
          step={1}
          onChange={(value) => put([x, value, side])}
        />
        <RangeField
          label="Size"
          value={side}
          min={Math.min(SIDE_MIN, width, height)}
          max={Math.min(width, height)}
          step={1}
          onChange={(value) => put([x, y, value])}
        />
      </div>
      <div className="mt-5 flex flex-wrap justify-end gap-2">
        <Button
          look="quiet"
          onClick={() => {
            onCrop(undefined);
            onClose();
          }}
        >
          As it was found
        </Button>
        <Button onClick={onClose}>Go back</Button>
        <Button
          look="primary"
          onClick={() => {
            onCrop([x, y, side]);
            onClose();
          }}
        >
          Use this crop
        </Button>
      </div>
    </Dialog>
  );
}

/** Whole pixels, a square inside the picture. */
function fitted([x, y, side]: Crop, width: number, height: number): Crop {
  const fit = Math.round(Math.max(Math.min(SIDE_MIN, width, height), Math.min(side, width, height)));
  const within = (value: number, most: number) => Math.round(Math.max(0, Math.min(value, most)));
  return [within(x, width - fit), within(y, height - fit), fit];
}
