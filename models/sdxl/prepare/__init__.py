"""From an archive of images to the dataset that a training sees: squares, masks, and captions with the trained word.

Networks are loaded when an image needs one, and are gone when the dataset is there: no torch is imported before.
"""

from __future__ import annotations

from pathlib import Path

from prepare.assemble import prepare_dataset
from prepare.dataset import Dataset, Example
from prepare.edits import read_edits
from prepare.masks import weigh
from prepare.prepared import describe, write_prepared
from prepare.report import say
from prepare.settings import Settings, read_settings

__all__ = [
    "PREPARED_NAME",
    "Dataset",
    "Example",
    "Settings",
    "describe",
    "prepare",
    "read_settings",
    "weigh",
    "write_prepared",
]

PREPARED_NAME = "prepared.zip"


def prepare(inputs: dict) -> Dataset:
    """The dataset by a function's inputs: the archive `input_images`, `edits`, `verbose`, and the settings. Says in the log
    what became of every image."""
    settings = read_settings(inputs)
    dataset = prepare_dataset(Path(inputs["input_images"]), settings, read_edits(inputs["edits"]))
    say(dataset, inputs["verbose"])
    return dataset
