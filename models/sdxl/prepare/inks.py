"""Printing inks to sRGB, for CMYK pictures that bring no profile. Pillow's own conversion knows only ideal inks, far too bright.

`inks.png` holds the colours of six amounts of each ink (cyan slowest, then magenta, yellow, black), as the server's image
library sees them (libvips, by its own profile for such pictures), so that a person is shown what is trained on.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

AMOUNTS = 6
STEP = 255 // (AMOUNTS - 1)


def inks_to_srgb(picture: Image.Image) -> Image.Image:
    """RGB of a CMYK picture: what lies between known colours is mixed of them, by how near they are."""
    *inks, black = picture.split()
    inks = Image.merge("RGB", inks)
    tables = _tables()
    mixed = inks.filter(tables[0])
    for place, table in enumerate(tables[1:]):
        share = black.point([min(255, max(0, (amount - place * STEP) * 255 // STEP)) for amount in range(256)])
        mixed = Image.composite(inks.filter(table), mixed, share)
    return mixed


@cache
def _tables() -> list[ImageFilter.Color3DLUT]:
    """For each amount of black, from the other three inks to RGB."""
    with Image.open(Path(__file__).with_name("inks.png")) as opened:
        colours_CMYK3 = np.asarray(opened, dtype=np.float32).reshape(*[AMOUNTS] * 4, 3) / 255
    # In Pillow's tables the first of three changes fastest.
    return [
        ImageFilter.Color3DLUT(AMOUNTS, colours_CMYK3[:, :, :, black].transpose(2, 1, 0, 3).reshape(-1, 3).tolist())
        for black in range(AMOUNTS)
    ]
