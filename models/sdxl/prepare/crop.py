"""Which square of a picture is trained on. Pure numbers: knows nothing about files or networks."""

from __future__ import annotations

import numpy as np
from PIL import Image

Box = tuple[int, int, int]
HALF = 128
# Of 255: how far a plain ground may be from its own median, and how far from it a subject has to be.
PLAIN_MAX, STANDS_OUT_MIN = 12, 24
PLAIN_SHARE_MIN = 0.97
LOOK_PIXELS = 256


def choose_crop(width: int, height: int, centre: tuple[float, float] | None) -> Box:
    """The largest square [x, y, side] in pixels, as near as can be to `centre` (shares of width and height)."""
    side = min(width, height)
    across, down = centre or (0.5, 0.5)
    return _inside(across * width, side, width), _inside(down * height, side, height), side


def centre_of_mass(mask: Image.Image) -> tuple[float, float] | None:
    """The centre of a mask (L) as shares of its width and height; None where it is nowhere half white, for the centre of
    what was not found means nothing."""
    weights = np.asarray(mask, dtype=np.float64)
    if weights.max() < HALF:
        return None
    total = weights.sum()
    rows, columns = weights.sum(axis=1), weights.sum(axis=0)
    return _mean_place(columns) / total, _mean_place(rows) / total


def centre_of_subject(picture: Image.Image) -> tuple[float, float] | None:
    """The middle of what stands out from a plain ground, as shares of width and height; None where the ground is not plain.

    Product pictures and drawings have such a ground, and their subject is often beside the centre: the largest square
    around the centre would cut it off.
    """
    small = picture.copy()
    small.thumbnail((LOOK_PIXELS, LOOK_PIXELS), reducing_gap=2)
    pixels_HWC = np.asarray(small, dtype=np.int16)
    edge = np.concatenate([pixels_HWC[0], pixels_HWC[-1], pixels_HWC[:, 0], pixels_HWC[:, -1]])
    ground = np.median(edge, axis=0)
    if (np.abs(edge - ground).max(axis=1) <= PLAIN_MAX).mean() < PLAIN_SHARE_MIN:
        return None
    stands_out_HW = np.abs(pixels_HWC - ground).max(axis=2) > STANDS_OUT_MIN
    rows, columns = np.flatnonzero(stands_out_HW.any(axis=1)), np.flatnonzero(stands_out_HW.any(axis=0))
    if len(rows) == 0:
        return None
    return (columns[0] + columns[-1] + 1) / 2 / small.width, (rows[0] + rows[-1] + 1) / 2 / small.height


def cut(picture: Image.Image, crop: Box, width: int, height: int) -> Image.Image:
    """The square out of a picture, or out of a mask, that shows the same `width` × `height` at whatever size."""
    x, y, side = crop
    across, down = picture.width / width, picture.height / height
    left, top = round(x * across), round(y * down)
    return picture.crop((left, top, left + max(1, round(side * across)), top + max(1, round(side * down))))


def _inside(centre: float, side: int, length: int) -> int:
    return min(max(round(centre - side / 2), 0), length - side)


def _mean_place(weights: np.ndarray) -> float:
    return float(weights @ ((np.arange(len(weights)) + 0.5) / len(weights)))
