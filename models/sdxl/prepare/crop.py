"""Which square of a picture is trained on. Pure numbers: knows nothing about files or networks."""

from __future__ import annotations

import numpy as np
from PIL import Image

Box = tuple[int, int, int]
HALF = 128


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
