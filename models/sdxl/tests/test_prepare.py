"""From an archive to upright squares with captions."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import DEMO_ZIP, encode_png, make_zip
from prepare import describe
from preparing import gradient, read

from runner import Failure

PNG = encode_png(gradient(64, 64))
TABLE = b"caption,image_file\na TOK,good.png\n"


def test_a_damaged_image_is_skipped_by_name(tmp_path: Path, capsys):
    files = {"good.png": PNG, "cut.png": PNG[: len(PNG) // 2], "words.jpg": b"no picture", "caption.csv": TABLE}
    dataset = read(make_zip(tmp_path / "a.zip", {**files, "tiny.png": encode_png(gradient(8, 40))}))
    assert [example.name for example in dataset.examples] == ["good.png"]
    log = capsys.readouterr().out
    assert "Skipped cut.png: it cannot be read" in log
    assert "Skipped words.jpg: it cannot be read" in log
    assert "Skipped tiny.png: it is 8 × 40 pixels, under 16." in log
    assert [skipped["name"] for skipped in describe(dataset)["skipped"]] == ["cut.png", "tiny.png", "words.jpg"]


def test_litter_is_passed_over(tmp_path: Path):
    files = {"a/good.PNG": PNG, "__MACOSX/a/._good.png": b"x", "a/.hidden.png": b"x", "notes.txt": b"x"}
    table = {"caption.csv": b"caption,image_file\na TOK,a/good.PNG\n"}
    assert len(read(make_zip(tmp_path / "a.zip", files | table)).examples) == 1


def test_a_canonical_archive_keeps_its_owners_names(tmp_path: Path):
    one, other = encode_png(gradient(64, 64)), encode_png(gradient(80, 64))
    manifest = {
        "images": [
            {"file": "0001.png", "name": "my folder/fox.png", "sha256": "1" * 64, "size": 1, "mask": "0001.mask.png"},
            {"file": "0002.png", "name": "my folder/cat.png", "sha256": "2" * 64, "size": 1, "notes": ["made smaller"]},
        ],
        "captions": [
            {"file": "captions.csv", "name": "my folder/caption.csv"},
            {"file": "0002.txt", "name": "my folder/cat.txt"},
        ],
        "skipped": [{"name": "notes.doc", "reason": "no picture", "fix": None}],
    }
    files = {
        "0001.png": one,
        "0001.mask.png": encode_png(gradient(64, 64).convert("L")),
        "0002.png": other,
        "captions.csv": "\ufeffImage_File,Caption\nfox.png,a TOK fox\n".encode(),
        "0002.txt": b"a TOK\n cat ",
        "manifest.json": json.dumps(manifest).encode(),
    }
    dataset = read(make_zip(tmp_path / "a.zip", files))
    assert [(example.name, example.caption, example.image.mask_source) for example in dataset.examples] == [
        ("my folder/fox.png", "a TOK fox", "file"),
        ("my folder/cat.png", "a TOK cat", "none"),
    ]
    assert [skipped.name for skipped in dataset.skipped] == ["notes.doc"]
    assert dataset.examples[1].notes == ["made smaller"]


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


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"resolution": 100}, "resolution: 100 is not a multiple of 32"),
        ({"token_string": "  "}, "token_string: it is empty"),
        ({"token_string": "x" * 41}, "token_string: x+ has 41 characters, 40 are the most"),
        ({"clipseg_temperature": 0}, "clipseg_temperature: 0 is not above 0"),
        ({"background": "sky"}, "background: 'sky' is no colour"),
    ],
)
def test_settings_that_cannot_be_meant_are_named(given: dict, named: str):
    with pytest.raises(Failure, match=named) as failure:
        read(DEMO_ZIP, **given)
    assert failure.value.code == "input_invalid"


def test_the_demos_zip(capsys):
    dataset = read(DEMO_ZIP)
    assert len(dataset.examples) == 16
    assert all(example.caption.startswith("a TOK emoji of ") for example in dataset.examples)
    log = capsys.readouterr().out
    assert "16 images. Captions: 16 yours, 0 made." in log
    assert "No masks: all of each picture counts." in log
