"""One image prepared: a pure function of its bytes, the settings and a person's edit. Knows nothing about archives or
captions, and nothing about where results are kept."""

from __future__ import annotations

import io
from dataclasses import dataclass, field

from PIL import Image

from prepare.crop import Box, centre_of_mass, centre_of_subject, choose_crop, cut
from prepare.edits import Edit, check_crop
from prepare.masks import Mask, find_mask
from prepare.networks import Networks
from prepare.picture import Upright, decode
from prepare.settings import Settings


@dataclass(frozen=True)
class Source:
    """An image as it came: its owner's name for it, its bytes, and those of a mask sent with it."""

    name: str
    data: bytes
    mask: bytes | None


@dataclass(frozen=True)
class PreparedImage:
    """`png` and `mask_png` are squares of the resolution; `crop` is in pixels of the upright `width` × `height`, and its
    source is edit, mask, subject (what stands out from a plain ground) or centre."""

    png: bytes
    mask_png: bytes | None
    mask_source: str
    width: int
    height: int
    crop: Box
    crop_source: str
    upscaled: bool
    notes: list[str] = field(default_factory=list)


def prepare_image(source: Source, settings: Settings, edit: Edit, networks: Networks) -> PreparedImage:
    """Decode and turn upright, mask, crop, enlarge, resize. Raises what `decode` raises, and `runner.Failure` for an edit
    that does not fit."""
    side_pixels = settings.resolution
    upright = decode(source.data, settings.ground, side_pixels, edit.crop[2] if edit.crop else None)
    size = upright.width, upright.height
    mask = find_mask(upright, source.mask, edit.mask, settings, networks)
    centre, crop_source = find_centre(upright, mask, settings)
    if edit.crop:
        check_crop(edit.crop, *size, source.name)
        crop_source = "edit"
    crop = edit.crop or choose_crop(*size, centre)
    square, upscaled = cut(upright.pixels, crop, *size), crop[2] < side_pixels
    if upscaled:
        square = networks.upscaler.enlarge(square)
    square = square.resize((side_pixels, side_pixels), Image.Resampling.LANCZOS)
    return PreparedImage(
        _encode(square),
        _cut_mask(mask.picture, crop, size, side_pixels) if mask.picture else None,
        mask.source,
        *size,
        crop,
        crop_source,
        upscaled,
        upright.notes + mask.notes,
    )


def find_centre(upright: Upright, mask: Mask, settings: Settings) -> tuple[tuple[float, float] | None, str]:
    """What the crop is about, and how that was found."""
    if settings.crop_based_on_salience:
        centre = centre_of_mass(mask.picture) if mask.picture else None
        if centre:
            return centre, "mask"
        centre = centre_of_subject(upright.pixels) if mask.picture is None else None
        if centre:
            return centre, "subject"
    return None, "centre"


def _cut_mask(mask: Image.Image, crop: Box, size: tuple[int, int], side_pixels: int) -> bytes:
    # A network's mask is far smaller than the picture: its square has to be cut between its own pixels.
    x, y, side = crop
    across, down = mask.width / size[0], mask.height / size[1]
    box = (x * across, y * down, (x + side) * across, (y + side) * down)
    return _encode(mask.resize((side_pixels, side_pixels), Image.Resampling.BILINEAR, box=box))


def _encode(picture: Image.Image) -> bytes:
    data = io.BytesIO()
    picture.save(data, "PNG", compress_level=1)
    return data.getvalue()
