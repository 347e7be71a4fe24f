"""Calls the sdxl model's two functions without server or runner, with the embedded base's defaults for what is left out."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from runner.model import Model
from runner.rules import settle

DEMO_ZIP = ROOT / "examples" / "fluent-3d.zip"
MODEL = Model(ROOT / "models" / "sdxl", ROOT / "bases" / "emoji")


def train(**given) -> Path:
    """Trains and returns the tar of weights."""
    fields = settle(MODEL.train_fields, MODEL.train_rules, given)
    return Path(MODEL.train(**_defaults(fields) | given).weights)


def draw(predictor, **given) -> list[Path]:
    """Draws and returns the pictures' files."""
    return [Path(path) for path in predictor.predict(**inputs(**given))]


def inputs(**given) -> dict:
    """All of `predict`'s inputs."""
    return _defaults(MODEL.predict_fields) | given


def make_predictor(weights: Path | None):
    predictor = MODEL.predictor_class()
    predictor.setup(weights)
    return predictor


def _defaults(fields) -> dict:
    return {field.name: field.default for field in fields}
