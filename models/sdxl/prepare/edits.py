"""What a person changed about single images, by the sha256 of the image. Knows nothing about how it is carried out."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from pathlib import Path

import runner

SIDE_PIXELS_MIN = 16
KNOWN = {"crop", "caption", "mask", "drop"}


@dataclass(frozen=True)
class Edit:
    """`crop` is [x, y, side] in pixels of the upright image; `mask` the bytes of a picture; `drop` leaves the image out."""

    crop: tuple[int, int, int] | None = None
    caption: str | None = None
    mask: bytes | None = None
    drop: bool = False


NO_EDIT = Edit()


def read_edits(path: Path | None) -> dict[str, Edit]:
    """The edits in a JSON file. Raises `runner.Failure` that names the image and what is wrong."""
    if path is None:
        return {}
    try:
        given = json.loads(Path(path).read_bytes())
        return {sha256: _read_edit(edit) for sha256, edit in given.items()}
    except (ValueError, AttributeError, TypeError) as error:
        raise runner.Failure("input_invalid", f"edits: {error}. Write an object keyed by images' sha256.") from None


def check_crop(crop: tuple[int, int, int], width: int, height: int, name: str) -> None:
    """Raises `runner.Failure` when a crop is not inside its image."""
    x, y, side = crop
    if x < 0 or y < 0 or side < SIDE_PIXELS_MIN or x + side > width or y + side > height:
        raise runner.Failure(
            "input_invalid",
            f"edits: the crop {list(crop)} of {name} is no square of at least {SIDE_PIXELS_MIN} pixels inside its "
            f"{width} × {height}. Give one as [x, y, side].",
        )


def _read_edit(edit: dict) -> Edit:
    unknown = edit.keys() - KNOWN
    if unknown:
        raise ValueError(f"{min(unknown)} is no edit, only {', '.join(sorted(KNOWN))} are")
    crop = edit.get("crop")
    if crop is not None and not (len(crop) == 3 and all(type(number) is int for number in crop)):
        raise ValueError(f"the crop {crop} is not [x, y, side] in whole pixels")
    caption = edit.get("caption")
    return Edit(tuple(crop) if crop else None, caption, _read_mask(edit.get("mask")), bool(edit.get("drop")))


def _read_mask(uri: str | None) -> bytes | None:
    if uri is None:
        return None
    head, comma, body = uri.partition(",")
    if not (head.startswith("data:image/") and head.endswith(";base64") and comma):
        raise ValueError("a mask has to be a data: URI of a picture, in base64")
    try:
        return base64.b64decode(body, validate=True)
    except binascii.Error:
        raise ValueError("a mask is damaged: its base64 cannot be read") from None
