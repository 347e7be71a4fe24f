"""What the tests of preparation share: pictures to prepare, and preparation called as `train` calls it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from conftest import DEMO_ZIP, make_zip
from PIL import Image
from prepare import Dataset, prepare

DATA = Path(__file__).parent / "data"
TEDDY_ZIP = DEMO_ZIP.with_name("teddy.zip")
RAW_ZIP = DEMO_ZIP.with_name("fluent-3d-raw.zip")
ASTRONAUT = Image.open(DATA / "astronaut.jpg")

INPUTS = {
    "resolution": 64,
    "token_string": "TOK",
    "caption_prefix": "a photo of TOK, ",
    "caption_mode": "fill",
    "mask_target_prompts": None,
    "crop_based_on_salience": True,
    "use_face_detection_instead": False,
    "clipseg_temperature": 1.0,
    "background": "white",
    "edits": None,
    "verbose": False,
}


def read(path: Path, **given) -> Dataset:
    return prepare({**INPUTS, "input_images": path, **given})


def read_one(folder: Path, data: bytes, name: str = "one.png", **given):
    """The only example of an archive with one picture, captioned, so that no network writes about it."""
    table = f"caption,image_file\na TOK,{name}\n".encode()
    [example] = read(make_zip(folder / "one.zip", {name: data, "caption.csv": table}), **given).examples
    return example


def write_edits(folder: Path, edits: dict) -> Path:
    path = folder / "edits.json"
    path.write_text(json.dumps(edits))
    return path


def gradient(width: int, height: int) -> Image.Image:
    """No two regions of it look alike."""
    x, y = np.meshgrid(np.linspace(0, 255, width), np.linspace(0, 255, height))
    return Image.fromarray(np.stack([x, y, np.full_like(x, 128)], axis=-1).astype("uint8"))


def difference(one: Image.Image, other: Image.Image) -> float:
    """Mean over all numbers, of 255."""
    return float(np.abs(np.asarray(one, dtype=int) - np.asarray(other, dtype=int)).mean())
