"""The prepared archive: what a training sees of every image, as files to look at, to change and to train on again.

0001.png …        the square that is trained on
0001.mask.png …   its mask, white is important (only where there is one)
caption.csv       the final captions
dataset.json      every decision, and why
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from prepare.image import PreparedImage
from prepare.masks import BACKGROUND_WEIGHT

if TYPE_CHECKING:
    from prepare.dataset import Dataset, Example

FORMAT = "easel dataset 1"
# The same dataset gives the same bytes whenever it is written.
WRITTEN = (1980, 1, 1, 0, 0, 0)


def write_prepared(dataset: Dataset, path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:

        def add(name: str, data: bytes) -> None:
            archive.writestr(zipfile.ZipInfo(name, WRITTEN), data)

        for place, example in enumerate(dataset.examples, 1):
            add(_file(place), example.image.png)
            if example.image.mask_png:
                add(_mask_file(place), example.image.mask_png)
        add("caption.csv", _table(dataset.examples))
        add("dataset.json", json.dumps(describe(dataset), indent=2, ensure_ascii=False).encode())


def describe(dataset: Dataset) -> dict:
    """`dataset.json`: how each image was prepared. Holds no time and no path of a machine."""
    return {
        "format": FORMAT,
        "settings": asdict(dataset.settings) | {"background_weight": BACKGROUND_WEIGHT},
        "captions": {"yours": dataset.count_own_captions(), "made": dataset.count_made_captions()},
        "images": [_entry(place, example) for place, example in enumerate(dataset.examples, 1)],
        "skipped": [asdict(skipped) for skipped in dataset.skipped],
    }


def parse_dataset(data: bytes) -> dict | None:
    """A `dataset.json` that tells all that is needed. Somebody may have put any file of that name there, or changed ours: what
    is not whole is not used, and the images are prepared as any others."""
    try:
        dataset = json.loads(data)
        whole = dataset["format"] == FORMAT and isinstance(dataset["settings"]["resolution"], int)
        return dataset if whole and all(_is_whole(entry) for entry in dataset["images"]) else None
    except (ValueError, TypeError, KeyError):
        return None


def recognise(dataset: dict | None, sha256: str) -> dict | None:
    """The entry about an image that was prepared before, with not a bit changed since."""
    if dataset is None:
        return None
    return next((entry for entry in dataset["images"] if entry["sha256"] == sha256), None)


def take_as_it_is(entry: dict, png: bytes, mask_png: bytes | None) -> PreparedImage:
    return PreparedImage(
        png,
        mask_png,
        entry["mask_source"],
        entry["width"],
        entry["height"],
        tuple(entry["crop"]),
        entry["crop_source"],
        entry["upscaled"],
        entry["notes"],
    )


def _is_whole(entry: dict) -> bool:
    numbers = [entry["width"], entry["height"], *entry["crop"]]
    words = [entry[name] for name in ("sha256", "name", "mask_source", "crop_source", "caption", "caption_source")]
    return (
        len(numbers) == 5
        and all(type(number) is int and number >= 0 for number in numbers)
        and entry["crop"][2] > 0
        and all(isinstance(word, str) for word in [*words, *entry["notes"]])
        and isinstance(entry["upscaled"], bool)
    )


def _entry(place: int, example: Example) -> dict:
    image, caption = example.image, example.final
    return {
        "file": _file(place),
        "sha256": hashlib.sha256(image.png).hexdigest(),
        "name": example.name,
        "source_sha256": example.source_sha256,
        "width": image.width,
        "height": image.height,
        "crop": list(image.crop),
        "crop_source": image.crop_source,
        "upscaled": image.upscaled,
        "mask_file": _mask_file(place) if image.mask_png else None,
        "mask_source": image.mask_source,
        "caption": caption.text,
        "caption_source": caption.source,
        "notes": example.notes,
    }


def _table(examples: list[Example]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["caption", "image_file"])
    writer.writerows([example.caption, _file(place)] for place, example in enumerate(examples, 1))
    return text.getvalue().encode()


def _file(place: int) -> str:
    return f"{place:04d}.png"


def _mask_file(place: int) -> str:
    return f"{place:04d}.mask.png"
