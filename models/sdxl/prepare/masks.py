"""What part of a picture matters, and how much the rest still counts. Knows nothing about archives or captions."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from PIL import Image

from prepare.crop import HALF
from prepare.faces import draw_mask
from prepare.networks import Networks
from prepare.picture import Upright, decode_mask
from prepare.settings import Settings

# With no weight at all the ground is free to turn into anything; a tenth keeps it as it is.
BACKGROUND_WEIGHT = 0.1


@dataclass(frozen=True)
class Mask:
    """`picture` (L, any size, over the whole upright picture; None: everything counts) and `source`, where it is from:
    edit, file, alpha, faces, prompt or none."""

    picture: Image.Image | None
    source: str
    notes: list[str] = field(default_factory=list)


def find_mask(
    upright: Upright, own: bytes | None, edited: bytes | None, settings: Settings, networks: Networks
) -> Mask:
    """What its owner drew comes first, then what the settings ask to be found."""
    if edited:
        return Mask(decode_mask(edited), "edit")
    notes = []
    if own:
        try:
            return Mask(decode_mask(own), "file")
        except Exception:  # noqa: BLE001 — as for pictures: a damaged mask must not end a run
            notes = ["its mask cannot be read and is left out"]
    found = _look_for_mask(upright, settings, networks)
    return Mask(found.picture, found.source, notes + found.notes)


def _look_for_mask(upright: Upright, settings: Settings, networks: Networks) -> Mask:
    if upright.alpha:
        return Mask(upright.alpha, "alpha")
    if settings.use_face_detection_instead:
        return _mask_of_faces(upright, networks)
    if settings.mask_prompt:
        return _mask_of_prompt(upright, settings.mask_prompt, settings.clipseg_temperature, networks)
    return Mask(None, "none")


def weigh(mask: Image.Image) -> np.ndarray:
    """How much each pixel of a mask (L) counts in the loss [height, width], from the background's weight to 1."""
    return np.maximum(np.asarray(mask, dtype=np.float32) / 255, BACKGROUND_WEIGHT)


def _mask_of_faces(upright: Upright, networks: Networks) -> Mask:
    faces = networks.faces.detect(upright.pixels)
    if not faces:
        return Mask(None, "none", ["no face found: all of it counts"])
    notes = [f"{len(faces)} faces found, all of them count"] if len(faces) > 1 else []
    return Mask(draw_mask(faces, upright.width, upright.height), "faces", notes)


def _mask_of_prompt(upright: Upright, prompt: str, temperature: float, networks: Networks) -> Mask:
    mask = networks.segmenter.find(upright.pixels, prompt, temperature)
    found = mask.getextrema()[1] >= HALF
    return Mask(mask, "prompt", [] if found else [f'"{prompt}" was not found in it with any certainty'])
