"""What a training sees: every image as a square with its mask, its caption, and how they came about."""

from __future__ import annotations

import io
from dataclasses import dataclass

from PIL import Image

from prepare.archive import Skipped
from prepare.captions import Caption
from prepare.image import PreparedImage
from prepare.picture import decode_mask
from prepare.settings import Settings


@dataclass(frozen=True)
class Example:
    """One image as it is trained: its owner's name for it, the prepared picture, its final caption, and what intake said."""

    name: str
    source_sha256: str
    image: PreparedImage
    final: Caption
    said_before: tuple[str, ...] = ()

    @property
    def notes(self) -> list[str]:
        """Everything a person should know of how it was prepared."""
        notes = [*self.said_before, *self.image.notes, *([self.final.note] if self.final.note else [])]
        return list(dict.fromkeys(notes))

    @property
    def caption(self) -> str:
        return self.final.text

    @property
    def caption_source(self) -> str:
        return self.final.source

    @property
    def picture(self) -> Image.Image:
        return Image.open(io.BytesIO(self.image.png)).convert("RGB")

    @property
    def mask(self) -> Image.Image | None:
        """L, of the picture's size; None where everything counts."""
        if self.image.mask_png is None:
            return None
        return decode_mask(self.image.mask_png).resize(self.picture.size, Image.Resampling.BILINEAR)


@dataclass(frozen=True)
class Dataset:
    """`unused_rows` are captions of images that are not there; `as_they_are` counts the images that came prepared."""

    settings: Settings
    examples: list[Example]
    skipped: list[Skipped]
    unused_rows: list[str]
    as_they_are: int

    def count_made_captions(self) -> int:
        return sum(example.caption_source == "made" for example in self.examples)

    def count_own_captions(self) -> int:
        return len(self.examples) - self.count_made_captions()
