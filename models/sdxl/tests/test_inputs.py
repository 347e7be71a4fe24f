"""No input is taken and then forgotten: whatever stands in a signature is read by the code behind it."""

from __future__ import annotations

from pathlib import Path

import drawing
import pytest
import training
from base import current
from conftest import DEMO_ZIP, ROOT, SHORT, Functions
from PIL import Image

# What stands in Replicate's signature and has nothing to do here, and the page that says so.
TO_SAY = {
    "predict": {"apply_watermark": "docs/run.md", "disable_safety_checker": "docs/run.md"},
    "train": {"num_train_epochs": "docs/run.md", "input_images_filetype": "docs/run.md"},
}


class Recorded(dict):
    """Inputs that remember which of them were asked for by name."""

    def __init__(self, values: dict, read: set[str]) -> None:
        super().__init__(values)
        self.read = read

    def __getitem__(self, name: str):
        self.read.add(name)
        return super().__getitem__(name)

    def get(self, name: str, default=None):
        self.read.add(name)
        return super().get(name, default)

    def __or__(self, other: dict) -> Recorded:
        return Recorded({**self, **other}, self.read)


def defaults(fields) -> dict:
    return {field.name: field.default for field in fields}


def test_every_input_of_predict_is_read(functions: Functions, tmp_path: Path, capsys):
    Image.new("RGB", (32, 32), "red").save(tmp_path / "red.png")
    values = defaults(functions.model.predict_fields) | {"num_inference_steps": 2, "width": 32, "height": 32}
    read: set[str] = set()
    for given in (
        {},
        {"image": tmp_path / "red.png", "mask": tmp_path / "red.png", "refine": "base_image_refiner"},
        {"refine": "expert_ensemble_refiner"},
    ):
        drawing.draw(drawing.Shelf(current()), drawing.NO_WEIGHTS, Recorded(values | given, read))
    assert values.keys() - read == TO_SAY["predict"].keys()


def test_every_input_of_train_is_read(functions: Functions):
    model = functions.model
    # What the table of rules asks for was read before the training begins.
    read = {name for rule in model.train_rules for name in rule.when}
    values = defaults(model.train_fields) | SHORT | {"input_images": DEMO_ZIP, "max_train_steps": 1}
    dreambooth = {
        "technique": "dreambooth",
        "prior_loss_weight": 1.0,
        "class_prompt": "an emoji",
        "num_class_images": 1,
    }
    for given in ({"publish": "best"}, dreambooth):
        training.run(Recorded(values | given, read))
    assert values.keys() - read == TO_SAY["train"].keys()


@pytest.mark.parametrize(("name", "page"), [one for pages in TO_SAY.values() for one in pages.items()])
def test_what_does_nothing_is_said(name: str, page: str):
    assert f"`{name}`" in (ROOT / page).read_text()
