"""From a file's bytes to upright pixels in sRGB. Knows nothing about archives, masks or captions."""

from __future__ import annotations

import io
from dataclasses import dataclass, field

import numpy as np
from PIL import Image, ImageCms, ImageOps

from prepare.inks import inks_to_srgb

SIDE_PIXELS_MIN = 16
PIXELS_MAX = 256_000_000
# Pixels beside the shorter side that are kept in a reduced decode, for the eyes of the preparation models.
SIDE_PIXELS_KEPT = 400
FORMATS = ("JPEG", "PNG", "WEBP", "AVIF")
SRGB = ImageCms.createProfile("sRGB")

# Pillow's own limit is lower than ours, and it raises above twice the number.
Image.MAX_IMAGE_PIXELS = PIXELS_MAX // 2


class PictureRefused(Exception):
    """Why a picture cannot be used, as the end of a sentence about it."""


@dataclass(frozen=True)
class Upright:
    """A picture as a person sees it.

    `pixels` is RGB and may be smaller than `width` × `height`, the upright size of the file. `alpha` (L, of the size of
    `pixels`) is there where the picture is partly clear.
    """

    pixels: Image.Image
    alpha: Image.Image | None
    width: int
    height: int
    notes: list[str] = field(default_factory=list)


def decode(data: bytes, ground: tuple[int, int, int], side_pixels: int, crop_side: int | None) -> Upright:
    """Decodes a picture, over `ground` where it is clear.

    A JPEG is decoded at 1/2, 1/4 or 1/8 while its crop (`crop_side`, or the largest square) keeps twice `side_pixels`:
    what is above that is lost in resizing anyway, and a photo of 12 megapixels takes a tenth of the time.
    Raises PictureRefused, or any of Pillow's many errors for damaged files.
    """
    with Image.open(io.BytesIO(data), formats=FORMATS + ("MPO",)) as opened:
        width, height = opened.size
        if min(width, height) < SIDE_PIXELS_MIN:
            raise PictureRefused(f"it is {width} × {height} pixels, under {SIDE_PIXELS_MIN}")
        notes = ["animated: its first frame is used"] if _is_animated(opened) else []
        share = max(2 * side_pixels, SIDE_PIXELS_KEPT) / (crop_side or min(width, height))
        opened.draft(None, (int(width * share), int(height * share)))
        opened.load()
        upright = ImageOps.exif_transpose(opened)
    turned = opened.getexif().get(0x0112, 1) >= 5
    pixels, alpha = flatten(_eight_bits(upright), ground, notes)
    return Upright(pixels, alpha, *((height, width) if turned else (width, height)), notes)


def decode_mask(data: bytes) -> Image.Image:
    """A mask's file as L: white is important."""
    with Image.open(io.BytesIO(data), formats=FORMATS) as opened:
        return flatten(_eight_bits(ImageOps.exif_transpose(opened)), (0, 0, 0), [])[0].convert("L")


def flatten(
    picture: Image.Image, ground: tuple[int, int, int], notes: list[str]
) -> tuple[Image.Image, Image.Image | None]:
    """RGB in sRGB over the ground, and the transparency where there is some."""
    profile = picture.info.get("icc_profile")
    if not picture.has_transparency_data:
        return _to_srgb(picture, profile, notes), None
    clear = picture.convert("RGBA")
    alpha = clear.getchannel("A")
    colours = _to_srgb(clear.convert("RGB"), profile, notes)
    low, high = alpha.getextrema()
    over = Image.composite(colours, Image.new("RGB", clear.size, ground), alpha)
    return over, alpha if low < 255 and high > 0 else None


def _is_animated(opened: Image.Image) -> bool:
    # A phone's JPEG may hold more pictures (MPO: a preview, a depth map) without being animated.
    return opened.format != "MPO" and getattr(opened, "n_frames", 1) > 1


def _eight_bits(picture: Image.Image) -> Image.Image:
    # Pillow cuts 16-bit grey off at 255 when it converts it, and nearly everything turns white.
    if not picture.mode.startswith("I;16"):
        return picture
    eight = Image.fromarray((np.asarray(picture) >> 8).astype(np.uint8))
    eight.info = {name: value for name, value in picture.info.items() if name == "icc_profile"}
    return eight


def _to_srgb(picture: Image.Image, profile: bytes | None, notes: list[str]) -> Image.Image:
    if picture.mode not in ("RGB", "CMYK", "L"):
        picture = picture.convert("RGB")
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            return ImageCms.profileToProfile(picture, source, SRGB, outputMode="RGB")
        except (ImageCms.PyCMSError, OSError):
            notes.append("its colour profile does not fit it and is left out")
    return inks_to_srgb(picture) if picture.mode == "CMYK" else picture.convert("RGB")
