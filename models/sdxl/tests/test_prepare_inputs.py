"""Each input changed alone: what of `dataset.json` and of the pixels changes with it, and that nothing else does."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import pytest
from conftest import encode_png, make_zip
from PIL import Image
from prepare import describe
from preparing import ASTRONAUT, gradient, read, write_edits


@dataclass
class Seen:
    """What came of the three images: their entries, and hashes of their pixels and masks."""

    images: list[dict]
    pixels: list[str]
    masks: list[str | None]


def look(path: Path, **given) -> Seen:
    dataset = read(path, **given)
    hashes = [
        [hashlib.sha256(png).hexdigest() if png else None for png in (one.image.png, one.image.mask_png)]
        for one in dataset.examples
    ]
    entries = [{k: v for k, v in entry.items() if k != "sha256"} for entry in describe(dataset)["images"]]
    return Seen(entries, [pixels for pixels, _ in hashes], [mask for _, mask in hashes])


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """A wide picture with a face at its right and a caption, a clear one with a caption, and a plain one without."""
    wide = Image.new("RGB", (1024, 512), (60, 90, 160))
    wide.paste(ASTRONAUT.resize((512, 512)), (512, 0))
    clear = Image.new("RGBA", (96, 96), (200, 30, 30, 0))
    files = {
        "a-face.png": encode_png(wide),
        "b-clear.png": encode_png(clear),
        "c-plain.png": encode_png(gradient(120, 80)),
        "caption.csv": b"caption,image_file\na TOK person,a-face.png\na TOK nothing,b-clear.png\n",
    }
    return make_zip(tmp_path / "a.zip", files)


MADE = [{}, {}, {"caption"}]
MASKS = {"mask_file", "mask_source"}
CROP = {"crop", "crop_source"}
# The input and its value → the fields of each image that change with it, and whose pixels and masks do.
ROWS = [
    ("resolution", 128, [{}, {"upscaled"}, {"upscaled"}], [0, 1, 2], []),
    ("token_string", "sks", [{"caption", "notes"}, {"caption", "notes"}, {"caption"}], [], []),
    ("caption_prefix", "an image of TOK: ", MADE, [], []),
    ("background", "#102030", [{}, {}, {}], [1], []),
    ("mask_target_prompts", "a face", [MASKS | CROP, MASKS | {"notes"}, MASKS | {"notes"}], [0], [0, 1, 2]),
    ("use_face_detection_instead", True, [MASKS | CROP, {"notes"}, {"notes"}], [0], [0]),
    ("crop_based_on_salience", False, [{}, {}, {}], [], []),
    ("clipseg_temperature", 4.0, [{}, {}, {}], [], []),
    ("caption_mode", "fill", [{}, {}, {}], [], []),
    ("verbose", True, [{}, {}, {}], [], []),
]


@pytest.mark.parametrize(("name", "value", "fields", "pixels", "masks"), ROWS, ids=[row[0] for row in ROWS])
def test_an_input_changed_alone(archive: Path, name, value, fields, pixels, masks):
    before, after = look(archive), look(archive, **{name: value})
    for place in range(3):
        one, other = before.images[place], after.images[place]
        changed = {field for field in one if one[field] != other[field]}
        # BLIP looks at the square: where that changes, it may see something else.
        may = {"caption"} if place == 2 and place in pixels else set()
        assert changed - may == set(fields[place]) - may, place
        assert (before.pixels[place] != after.pixels[place]) == (place in pixels)
        assert (before.masks[place] != after.masks[place]) == (place in masks)


@pytest.mark.parametrize(
    ("name", "value", "fields", "pixels"),
    [("clipseg_temperature", 4.0, {"crop"}, True), ("crop_based_on_salience", False, CROP, True)],
)
def test_what_only_matters_with_a_mask(archive: Path, name, value, fields, pixels):
    asked = {"mask_target_prompts": "a face"}
    before, after = look(archive, **asked), look(archive, **asked, **{name: value})
    one, other = before.images[0], after.images[0]
    assert {field for field in one if one[field] != other[field]} == fields
    assert (before.pixels[0] != after.pixels[0]) == pixels
    assert before.masks[0] != after.masks[0]


@pytest.mark.parametrize(
    ("edit", "fields", "pixels", "mask"),
    [
        ({"caption": "a TOK in space"}, {"caption", "caption_source"}, False, False),
        ({"crop": [0, 0, 300]}, CROP, True, False),
        ({"mask": None}, MASKS | CROP, True, True),
    ],
    ids=["caption", "crop", "mask"],
)
def test_an_edit_changes_its_image_alone(archive: Path, tmp_path: Path, edit: dict, fields, pixels, mask):
    if "mask" in edit:
        import base64

        left = Image.new("L", (20, 10))
        left.paste(255, (0, 0, 5, 10))
        edit = {"mask": "data:image/png;base64," + base64.b64encode(encode_png(left)).decode()}
    before = look(archive)
    after = look(archive, edits=write_edits(tmp_path, {before.images[0]["source_sha256"]: edit}))
    one, other = before.images[0], after.images[0]
    assert {field for field in one if one[field] != other[field]} == fields
    assert (before.pixels[0] != after.pixels[0], before.masks[0] != after.masks[0]) == (pixels, mask)
    assert before.images[1:] == after.images[1:]
    assert before.pixels[1:] == after.pixels[1:]


def test_settings_are_told_as_they_were_used(archive: Path):
    dataset = describe(read(archive, token_string="sks"))
    assert dataset["settings"]["caption_prefix"] == "a photo of sks, "
    assert dataset["captions"] == {"yours": 2, "made": 1}
    assert json.loads(json.dumps(dataset)) == dataset
