"""From a file's bytes to an upright square of the size that is trained. Knows nothing about archives or captions."""

from __future__ import annotations

import io

from PIL import Image, ImageOps

BACKGROUND = (255, 255, 255)


def square(data: bytes, side: int) -> Image.Image:
    """The picture upright, its centre square cut out, resized by Lanczos to `side` pixels, over white where it is clear.

    Raises OSError (or one of Pillow's own kinds of it) for what cannot be decoded.
    """
    with Image.open(io.BytesIO(data)) as opened:
        opened.load()
        picture = flatten(ImageOps.exif_transpose(opened))
    shorter = min(picture.size)
    left, top = (picture.width - shorter) // 2, (picture.height - shorter) // 2
    return picture.crop((left, top, left + shorter, top + shorter)).resize((side, side), Image.Resampling.LANCZOS)


def flatten(picture: Image.Image) -> Image.Image:
    """RGB without transparency."""
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    clear = picture.convert("RGBA")
    ground = Image.new("RGBA", clear.size, BACKGROUND)
    return Image.alpha_composite(ground, clear).convert("RGB")
