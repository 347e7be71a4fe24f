"""What counts in a picture, and that the training listens to it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from base import current
from conftest import encode_png, make_zip
from PIL import Image
from prepare import describe
from preparing import ASTRONAUT, DATA, TEDDY_ZIP, gradient, read, read_one
from training import encode


def overlap(found: Image.Image, true: Image.Image) -> float:
    """Intersection over union of a mask at half."""
    one, other = np.asarray(found) >= 128, np.asarray(true.convert("L").resize(found.size)) >= 128
    return (one & other).sum() / max(1, (one | other).sum())


@pytest.mark.parametrize(("prompt", "low", "high"), [("teddy bear", 0.8, 1), ("car", 0, 0.1), ("umbrella", 0, 0.1)])
def test_clipseg_finds_what_is_named(prompt: str, low: float, high: float):
    examples = read(TEDDY_ZIP, resolution=128, mask_target_prompts=prompt).examples
    overlaps = [overlap(one.mask, Image.open(DATA / "teddy-masks" / one.name)) for one in examples]
    assert len(overlaps) == 8
    assert low <= np.mean(overlaps) <= high


def test_nothing_is_masked_unless_asked_for(tmp_path: Path):
    example = read_one(tmp_path, encode_png(gradient(64, 64)))
    assert (example.mask, example.image.mask_source) == (None, "none")


def test_masks_of_ones_own(tmp_path: Path):
    left = Image.new("L", (32, 16))
    left.paste(255, (0, 0, 8, 16))
    files = {
        "a/one.png": encode_png(gradient(200, 100)),
        "a/one_mask.png": encode_png(left),
        "two.jpg": encode_png(gradient(100, 100), format="JPEG"),
        "two.mask.png": encode_png(left),
        "caption.csv": b"caption,image_file\na TOK,one.png\na TOK,two.jpg\n",
    }
    one, two = read(make_zip(tmp_path / "a.zip", files), mask_target_prompts="a fox").examples
    assert (one.image.mask_source, two.image.mask_source) == ("file", "file")
    # The crop goes to where the mask is, and the mask is cut with it.
    assert one.image.crop == (0, 0, 100)
    assert np.asarray(one.mask)[:, :30].min() > 250
    assert np.asarray(one.mask)[:, 34:].max() < 5
    assert np.asarray(two.mask)[:, 20:].max() < 5


def test_a_damaged_mask_is_left_out_and_said(tmp_path: Path):
    files = {"a.png": encode_png(gradient(64, 64)), "a_mask.png": b"no picture", "a.txt": b"a TOK"}
    [example] = read(make_zip(tmp_path / "a.zip", files)).examples
    assert (example.mask, example.notes) == (None, ["its mask cannot be read and is left out"])


def test_what_is_clear_does_not_count(tmp_path: Path):
    picture = gradient(64, 64)
    picture.putalpha(Image.new("L", (64, 64)))
    picture.paste((9, 9, 9, 255), (0, 0, 64, 32))
    example = read_one(tmp_path, encode_png(picture))
    assert example.image.mask_source == "alpha"
    assert np.asarray(example.mask)[:32].min() == 255
    assert np.asarray(example.mask)[32:].max() == 0


def people(columns: int, rows: int) -> Image.Image:
    """The portrait, this many times."""
    picture = Image.new("RGB", (columns * 512, rows * 512), "gray")
    for column in range(columns):
        for row in range(rows):
            picture.paste(ASTRONAUT, (column * 512, row * 512))
    return picture


@pytest.mark.parametrize(("columns", "rows"), [(1, 1), (2, 1), (1, 3), (2, 2)])
def test_every_face_counts(tmp_path: Path, columns: int, rows: int):
    picture = people(columns, rows)
    example = read_one(tmp_path, encode_png(picture), use_face_detection_instead=True, crop_based_on_salience=False)
    assert example.image.mask_source == "faces"
    count = columns * rows
    assert example.image.notes == ([f"{count} faces found, all of them count"] if count > 1 else [])
    if columns == rows:
        side = 64 // columns
        for left in range(0, 64, side):
            for top in range(0, 64, side):
                part = np.asarray(example.mask)[top : top + side, left : left + side]
                assert part[round(0.24 * side), round(0.44 * side)] > 200
                assert part[side // 2 + 2 :].max() < 30


def test_a_face_is_what_the_crop_is_about(tmp_path: Path):
    picture = Image.new("RGB", (1536, 512), "gray")
    picture.paste(ASTRONAUT, (1024, 0))
    data = encode_png(picture)
    assert read_one(tmp_path, data, use_face_detection_instead=True).image.crop == pytest.approx((993, 0, 512), abs=12)
    assert read_one(tmp_path, data).image.crop == (512, 0, 512)
    still = read_one(tmp_path, data, use_face_detection_instead=True, crop_based_on_salience=False)
    assert still.image.crop == (512, 0, 512)


def test_no_face_is_no_harm(tmp_path: Path):
    files = {
        "a.png": encode_png(people(1, 1)),
        "b.png": encode_png(gradient(90, 64)),
        "c.png": encode_png(people(2, 1)),
    }
    table = {"caption.csv": b"caption,image_file\na TOK,a.png\na TOK,b.png\na TOK,c.png\n"}
    dataset = read(make_zip(tmp_path / "a.zip", files | table), use_face_detection_instead=True)
    assert [example.image.mask_source for example in dataset.examples] == ["faces", "none", "faces"]
    assert describe(dataset)["images"][1]["notes"] == ["no face found: all of it counts"]
    assert dataset.examples[1].image.crop == (13, 0, 64)


def test_the_training_sees_the_masks_by_area_and_keeps_a_tenth_for_the_rest(tmp_path: Path):
    mask = Image.new("L", (64, 64))
    mask.paste(255, (0, 0, 12, 64))
    files = {
        "a.png": encode_png(gradient(64, 64)),
        "a.mask.png": encode_png(mask),
        "b.png": encode_png(gradient(64, 64)),
    }
    table = {"caption.csv": b"caption,image_file\na TOK,a.png\na TOK,b.png\n"}
    images = encode(current(), read(make_zip(tmp_path / "a.zip", files | table)), [])
    # 8 pixels are a latent's: the first column is all mask, the second half of it.
    row = torch.tensor([1, 0.55, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1])
    torch.testing.assert_close(images.masks[0, 0], row.expand(8, 8))
    assert images.masks[1].unique().tolist() == [1]
