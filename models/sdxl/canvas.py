"""The image that a picture is drawn over, and its mask, from files of any kind and size. Knows nothing about networks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from PIL import Image
from prepare.picture import FORMATS, PictureRefused, decode, decode_mask

import runner

GROUND = (255, 255, 255)
# From here on a mask is more white than black.
WHITE = 128
T = TypeVar("T")


@dataclass(frozen=True)
class Canvas:
    """`picture` is RGB. `mask` is L and of the same size: what is white in it is painted anew, what is black stays."""

    picture: Image.Image
    mask: Image.Image | None

    @property
    def size(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return self.picture.height, self.picture.width

    def pixels(self) -> torch.Tensor:
        """The picture as [1, 3, H, W] in [-1, 1]."""
        return torch.from_numpy(np.array(self.picture)).permute(2, 0, 1)[None] / 127.5 - 1

    def repainted(self, pixels_per_latent: int) -> torch.Tensor | None:
        """Which latents are painted anew [1, 1, H, W]: those with a pixel under them that is more white than black."""
        if self.mask is None:
            return None
        white = torch.from_numpy(np.array(self.mask))[None, None] >= WHITE
        return torch.nn.functional.max_pool2d(white.float(), pixels_per_latent) > 0

    def under(self, drawn: Image.Image) -> Image.Image:
        """What was drawn, with the picture's own pixels wherever the mask is black."""
        return drawn if self.mask is None else Image.composite(drawn, self.picture, self.mask)


def read_canvas(image: Path, mask: Path | None, multiple: int, pixels_max: int) -> Canvas:
    """Reads an image and its mask. Sides become multiples of `multiple`, and what has more than `pixels_max` pixels becomes
    smaller; says so. Raises `runner.Failure` for a file that cannot be read."""
    data = image.read_bytes()
    upright = _read("image", lambda: decode(data, GROUND, max(1, int(pixels_max**0.5)), None))
    for note in upright.notes:
        print(f"image: {note}.")
    size = _fit(upright.width, upright.height, multiple, pixels_max)
    if size != (upright.width, upright.height):
        print(f"image: {upright.width} × {upright.height} pixels, drawn over at {size[0]} × {size[1]}.")
    picture = upright.pixels.resize(size, Image.Resampling.LANCZOS)
    return Canvas(picture, _read_mask(mask, size) if mask else None)


def _read_mask(path: Path, size: tuple[int, int]) -> Image.Image:
    data = path.read_bytes()
    mask = _read("mask", lambda: decode_mask(data))
    if mask.getextrema()[1] < WHITE:
        print("mask: nothing in it is white, so nothing is painted anew.")
    # Beside the picture, which may have been made smaller, only another shape is worth a word.
    if abs(mask.width * size[1] / (mask.height * size[0]) - 1) > 0.05:
        print(f"mask: {mask.width} × {mask.height} pixels, stretched to the image's {size[0]} × {size[1]}.")
    return mask.resize(size, Image.Resampling.BILINEAR)


def _fit(width: int, height: int, multiple: int, pixels_max: int) -> tuple[int, int]:
    scale = min(1.0, (pixels_max / (width * height)) ** 0.5)
    return tuple(max(multiple, round(side * scale / multiple) * multiple) for side in (width, height))


def _read(name: str, work: Callable[[], T]) -> T:
    try:
        return work()
    except PictureRefused as refused:
        raise runner.Failure("input_invalid", f"{name}: {refused}. Give a larger one.") from refused
    except Exception as error:
        # Pillow has many errors for what is damaged, and no name for all of them.
        formats = ", ".join(FORMATS)
        raise runner.Failure(
            "input_invalid", f"{name}: no picture can be read from it. Give one of {formats}."
        ) from error
