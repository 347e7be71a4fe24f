"""What was prepared once is not prepared again: from the cache, and from the prepared archive. And a person's edits."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from conftest import ROOT, Functions, encode_png, make_zip
from prepare import describe, write_prepared
from preparing import RAW_ZIP, TEDDY_ZIP, gradient, read, write_edits
from weights import read_weights

import runner
from runner import Failure
from runner.report import Nobody, listen


class Collector(Nobody):
    """Keeps what a run reports."""

    def __init__(self) -> None:
        self.artifacts: list[Path] = []

    def artifact(self, path: Path) -> None:
        self.artifacts.append(path)


def pngs(dataset) -> list[tuple[bytes, bytes | None, str]]:
    return [(one.image.png, one.image.mask_png, one.caption) for one in dataset.examples]


def test_a_second_time_no_network_is_loaded_and_all_is_equal():
    asked = {"resolution": 128, "mask_target_prompts": "teddy bear"}
    first = read(TEDDY_ZIP, **asked)
    program = (
        "import json, sys; from prepare import describe; from preparing import TEDDY_ZIP, read; "
        "print('#' + json.dumps(describe(read(TEDDY_ZIP, resolution=128, mask_target_prompts='teddy bear')))); "
        "sys.exit('torch' in sys.modules)"
    )
    paths = [ROOT, ROOT / "models" / "sdxl", Path(__file__).parent]
    done = subprocess.run(
        [sys.executable, "-c", program],
        check=True,
        stdout=subprocess.PIPE,
        env={"PYTHONPATH": ":".join(map(str, paths)), **environment()},
    )
    assert json.loads(done.stdout.decode().split("#")[1]) == describe(first)


def environment() -> dict[str, str]:
    import os

    return {name: os.environ[name] for name in ("EASEL_CACHE", "EASEL_BASE")}


def test_a_cache_that_is_damaged_or_cannot_be_written_is_no_harm(tmp_path: Path, monkeypatch):
    path = make_zip(tmp_path / "a.zip", {"a.png": encode_png(gradient(99, 64))})
    expected = pngs(read(path))
    monkeypatch.setenv("EASEL_CACHE", str(tmp_path / "cache"))
    assert pngs(read(path)) == expected
    entries = [entry for entry in (tmp_path / "cache").rglob("*") if entry.is_file()]
    assert len(entries) == 2
    for entry in entries:
        entry.write_bytes(entry.read_bytes()[:50])
    assert pngs(read(path)) == expected
    monkeypatch.setenv("EASEL_CACHE", str(path / "no folder"))
    assert pngs(read(path)) == expected


def test_the_prepared_archive_shows_every_image_and_is_taken_as_it_is(tmp_path: Path, capsys):
    asked = {"resolution": 128, "mask_target_prompts": "teddy bear"}
    first = read(TEDDY_ZIP, **asked)
    write_prepared(first, tmp_path / "prepared.zip")
    write_prepared(first, tmp_path / "again.zip")
    assert (tmp_path / "prepared.zip").read_bytes() == (tmp_path / "again.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "prepared.zip") as archive:
        names = set(archive.namelist())
        told = json.loads(archive.read("dataset.json"))
        table = archive.read("caption.csv").decode().splitlines()
    assert names == {f"{place:04d}{end}" for place in range(1, 9) for end in (".png", ".mask.png")} | {
        "caption.csv",
        "dataset.json",
    }
    assert table[0] == "caption,image_file"
    assert table[1].endswith(",0001.png")
    assert told["images"][0]["name"] == "teddy-1.png"
    capsys.readouterr()
    second = read(tmp_path / "prepared.zip", **asked)
    assert "8 images were prepared before and are taken as they are." in capsys.readouterr().out
    assert pngs(second) == pngs(first)
    entries = [
        [{k: v for k, v in entry.items() if k != "source_sha256"} for entry in describe(one)["images"]]
        for one in (first, second)
    ]
    assert entries[0] == entries[1]


def test_what_a_person_changes_in_a_prepared_archive_counts(tmp_path: Path):
    write_prepared(read(TEDDY_ZIP), tmp_path / "prepared.zip")
    with zipfile.ZipFile(tmp_path / "prepared.zip") as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    files["0001.png"] = encode_png(gradient(200, 100))
    files["caption.csv"] = b"caption,image_file\na TOK of mine,0002.png\na TOK gradient,0001.png\n"
    first, second, *_ = read(make_zip(tmp_path / "changed.zip", files)).examples
    assert (first.name, first.image.crop, first.caption) == ("0001.png", (50, 0, 100), "a TOK gradient")
    assert (second.name, second.caption, second.caption_source) == ("teddy-2.png", "a TOK of mine", "csv")


@pytest.mark.parametrize(
    "change",
    [
        lambda dataset: dataset.pop("images"),
        lambda dataset: dataset["images"][0].pop("crop"),
        lambda dataset: dataset["images"][0].update(width="wide"),
        lambda dataset: dataset.update(format="another's"),
    ],
)
def test_a_dataset_json_that_is_not_whole_is_not_used(tmp_path: Path, change):
    write_prepared(read(TEDDY_ZIP), tmp_path / "prepared.zip")
    with zipfile.ZipFile(tmp_path / "prepared.zip") as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    dataset = json.loads(files["dataset.json"])
    change(dataset)
    files["dataset.json"] = json.dumps(dataset).encode()
    again = read(make_zip(tmp_path / "changed.zip", files))
    assert (len(again.examples), again.as_they_are) == (8, 0)


def test_the_networks_are_let_go(tmp_path: Path, monkeypatch):
    monkeypatch.setenv("EASEL_CACHE", str(tmp_path))
    read(RAW_ZIP, mask_target_prompts="a fox")
    gc.collect()
    kinds = {type(thing).__name__ for thing in gc.get_objects()}
    assert not kinds & {"BlipForConditionalGeneration", "CLIPSegForImageSegmentation", "Swin2SRForImageSuperResolution"}


def test_a_training_reports_what_it_sees_and_trains_the_same_on_that(functions: Functions, tmp_path: Path):
    collector = Collector()
    listen(collector)
    try:
        asked = {"mask_target_prompts": "teddy bear", "max_train_steps": 2}
        first = functions.train(input_images=TEDDY_ZIP, **asked)
        [prepared] = [path for path in collector.artifacts if path.name == "prepared.zip"]
        second = functions.train(input_images=prepared, **asked)
        unmasked = functions.train(input_images=TEDDY_ZIP, max_train_steps=2)
    finally:
        listen(Nobody())
    ups = [
        [up.tolist() for _, up in read_weights(one.result).adapter.pairs.values()] for one in (first, second, unmasked)
    ]
    assert ups[0] == ups[1]
    assert ups[0] != ups[2]


def test_the_network_is_told_where_the_crop_was(functions: Functions, tmp_path: Path):
    from base import current

    seen = []

    def look(_module, _inputs, options):
        seen.extend(options["added_cond_kwargs"]["time_ids"].tolist())

    path = make_zip(tmp_path / "a.zip", {"a.png": encode_png(gradient(300, 150)), "a.txt": b"a TOK"})
    handle = current().unet.register_forward_pre_hook(look, with_kwargs=True)
    try:
        functions.train(input_images=path, max_train_steps=1, train_batch_size=1)
    finally:
        handle.remove()
    # Original height and width, then top and left of the crop in the resized picture, then what is trained.
    assert seen[0] == [150, 300, 0, 32, 64, 64]


@pytest.mark.parametrize(
    ("edits", "said"),
    [
        ({"0" * 64: {"drop": True}}, "no image of the archive has the sha256 0000"),
        ({"SHA": {"crop": [0, 0, 500]}}, r"the crop \[0, 0, 500\] of a.png is no square .* inside its 99 × 64"),
        ({"SHA": {"crop": [0, 0]}}, "is not .x, y, side. in whole pixels"),
        ({"SHA": {"colour": 1}}, "colour is no edit"),
        ({"SHA": {"mask": "/etc/passwd"}}, "a mask has to be a data: URI"),
        ([], "an object keyed by images' sha256"),
    ],
)
def test_edits_that_cannot_be_meant_are_named(tmp_path: Path, edits, said: str):
    path = make_zip(tmp_path / "a.zip", {"a.png": encode_png(gradient(99, 64)), "a.txt": b"a TOK"})
    [example] = read(path).examples
    if isinstance(edits, dict):
        edits = {key.replace("SHA", example.source_sha256): value for key, value in edits.items()}
    with pytest.raises(Failure, match=said) as failure:
        read(path, edits=write_edits(tmp_path, edits))
    assert failure.value.code == "input_invalid"


def test_a_dropped_image_is_left_out_and_said(tmp_path: Path):
    files = {f"{name}.png": encode_png(gradient(90 + place, 64)) for place, name in enumerate("ab")}
    path = make_zip(tmp_path / "a.zip", files | {"a.txt": b"a TOK", "b.txt": b"a TOK"})
    first = read(path).examples[0]
    dataset = read(path, edits=write_edits(tmp_path, {first.source_sha256: {"drop": True}}))
    assert [example.name for example in dataset.examples] == ["b.png"]
    assert describe(dataset)["skipped"] == [{"name": "a.png", "reason": "left out by an edit"}]


def test_preparation_can_be_canceled(tmp_path: Path):
    class Cancel(Nobody):
        def turn(self, step: int) -> bool:
            raise runner.Canceled

    listen(Cancel())
    try:
        with pytest.raises(runner.Canceled):
            read(RAW_ZIP)
    finally:
        listen(Nobody())


def test_easel_prepare_does_the_same(tmp_path: Path):
    program = (
        "import sys; from pathlib import Path; from runner.model import Model; "
        "model = Model(Path('models/prepare'), None); predictor = model.predictor(None); "
        "values = {field.name: field.default for field in model.predict_fields}; "
        "print('#', predictor.predict(**values | {'input_images': Path(sys.argv[1]), 'verbose': False}), sep='')"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(RAW_ZIP)], check=True, stdout=subprocess.PIPE, cwd=ROOT, env=environment()
    )
    path = done.stdout.decode().split("#")[1].strip()
    prepared = read(Path(path), resolution=128)
    assert prepared.as_they_are == 16
    assert pngs(prepared) == pngs(read(RAW_ZIP, resolution=128, caption_prefix="a TOK emoji of "))
