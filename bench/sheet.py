"""Pictures side by side, to be looked at."""

from __future__ import annotations

from pathlib import Path

from PIL import Image


def write_sheet(path: Path, rows: list[list[Image.Image]]) -> None:
    """Writes rows of equally many square pictures of one size."""
    side = rows[0][0].width
    sheet = Image.new("RGB", (side * len(rows[0]), side * len(rows)), "white")
    for y, pictures in enumerate(rows):
        for x, picture in enumerate(pictures):
            sheet.paste(picture, (side * x, side * y))
    sheet.save(path, optimize=True)
