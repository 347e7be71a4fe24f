"""From an archive to upright squares with captions."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from conftest import DEMO_ZIP, encode_png, make_zip
from PIL import Image
from prepare import Dataset, prepare

from runner import Failure


def gradient(width: int, height: int) -> Image.Image:
    """No two regions of it look alike."""
    x, y = np.meshgrid(np.linspace(0, 255, width), np.linspace(0, 255, height))
    return Image.fromarray(np.stack([x, y, np.full_like(x, 128)], axis=-1).astype("uint8"))


def read(path: Path, **given) -> Dataset:
    settings = {"resolution": 64, "token_string": "TOK", "caption_prefix": "a photo of TOK, ", "verbose": False} | given
    return prepare(path, **settings)


def test_centre_square_by_lanczos(tmp_path: Path):
    image = gradient(300, 200)
    [example] = read(make_zip(tmp_path / "a.zip", {"wide.png": encode_png(image)})).examples
    expected = image.crop((50, 0, 250, 200)).resize((64, 64), Image.Resampling.LANCZOS)
    assert example.picture.tobytes() == expected.tobytes()


def test_photos_are_turned_upright(tmp_path: Path):
    image = gradient(64, 64)
    turned = Image.Exif()
    turned[0x0112] = 6  # the camera was held on its side: turn by 90 degrees clockwise to see it upright
    data = encode_png(image, format="JPEG", quality=100, exif=turned)
    [example] = read(make_zip(tmp_path / "a.zip", {"phone.jpg": data})).examples
    expected = np.asarray(image.rotate(-90), dtype=int)
    assert np.abs(np.asarray(example.picture, dtype=int) - expected).mean() < 3


def test_what_is_clear_becomes_white(tmp_path: Path):
    data = encode_png(Image.new("RGBA", (64, 64), (0, 0, 0, 0)))
    [example] = read(make_zip(tmp_path / "a.zip", {"clear.png": data})).examples
    assert example.picture.getextrema() == ((255, 255),) * 3


def test_captions_are_matched_by_file_name(tmp_path: Path, capsys):
    files = {name: encode_png(gradient(64, 64)) for name in ("b.png", "x/a.png", "x/c.png", "d.png")}
    table = "caption,image_file\na TOK for c,x/c.png\na TOK for a,a.png\na TOK for b,b.png\na TOK for e,e.png\n"
    dataset = read(make_zip(tmp_path / "a.zip", {**files, "caption.csv": table.encode()}))
    assert {example.name: example.caption for example in dataset.examples} == {
        "b.png": "a TOK for b",
        "x/a.png": "a TOK for a",
        "x/c.png": "a TOK for c",
        "d.png": "a photo of TOK,",
    }
    log = capsys.readouterr().out
    assert "4 images. Captions: 3 from the caption file, 1 the prefix alone." in log
    assert "1 images that are not in the archive: e.png" in log


def test_the_word_is_put_in_front_where_it_is_missing(tmp_path: Path, capsys):
    files = {"a.png": encode_png(gradient(64, 64)), "caption.csv": b"caption,image_file\na stoked tok,a.png\n"}
    [example] = read(make_zip(tmp_path / "a.zip", files)).examples
    assert example.caption == "TOK a stoked tok"
    assert "a.png: put TOK in front" in capsys.readouterr().out


def test_a_damaged_image_is_skipped_by_name(tmp_path: Path, capsys):
    good = encode_png(gradient(64, 64))
    files = {"good.png": good, "cut.png": good[: len(good) // 2], "words.jpg": b"no picture"}
    dataset = read(make_zip(tmp_path / "a.zip", files))
    assert [example.name for example in dataset.examples] == ["good.png"]
    log = capsys.readouterr().out
    assert "Skipped cut.png" in log
    assert "Skipped words.jpg" in log


def test_litter_is_passed_over(tmp_path: Path):
    good = encode_png(gradient(64, 64))
    files = {"a/good.PNG": good, "__MACOSX/a/._good.png": b"x", "a/.hidden.png": b"x", "notes.txt": b"x"}
    assert len(read(make_zip(tmp_path / "a.zip", files)).examples) == 1


def test_a_canonical_archive_keeps_its_owners_names(tmp_path: Path):
    manifest = {
        "images": [{"file": "0001.png", "name": "my folder/fox.png", "sha256": "", "size": 1}],
        "captions": [{"file": "captions.csv", "name": "my folder/caption.csv"}],
        "skipped": [],
    }
    files = {
        "0001.png": encode_png(gradient(64, 64)),
        "captions.csv": "\ufeffImage_File,Caption\nfox.png,a TOK fox\n".encode(),
        "manifest.json": json.dumps(manifest).encode(),
    }
    [example] = read(make_zip(tmp_path / "a.zip", files)).examples
    assert (example.name, example.caption) == ("my folder/fox.png", "a TOK fox")


@pytest.mark.parametrize(
    ("files", "code"),
    [
        (None, "archive_unreadable"),
        ({}, "no_images"),
        ({"a.txt": b"x"}, "no_images"),
        ({"a.png": b"x"}, "no_images"),
        ({"a.png": b"x", "caption.csv": b"text,file\n1,2\n"}, "captions_unreadable"),
    ],
)
def test_what_cannot_be_trained_on_fails_with_a_code(tmp_path: Path, files: dict | None, code: str):
    path = tmp_path / "a.zip"
    if files is None:
        path.write_bytes(b"this is no zip")
    else:
        make_zip(path, files)
    with pytest.raises(Failure) as failure:
        read(path)
    assert failure.value.code == code


def test_the_demos_zip():
    dataset = read(DEMO_ZIP)
    assert len(dataset.examples) == 16
    assert all(example.caption.startswith("a TOK emoji of ") for example in dataset.examples)
