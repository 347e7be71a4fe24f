"""What the tests share: the model on the embedded base, called as the runner calls it, and one short training."""

from __future__ import annotations

import atexit
import hashlib
import io
import os
import shutil
import sys
import tarfile
import tempfile
import zipfile
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image

ROOT = Path(__file__).parents[3]
sys.path[:0] = [str(ROOT), str(ROOT / "models" / "sdxl")]

os.environ.setdefault("EASEL_BASE", str(ROOT / "bases" / "emoji"))
# What tests prepare is no business of the user's own cache.
os.environ.setdefault("EASEL_CACHE", tempfile.mkdtemp(prefix="easel-cache-"))
atexit.register(shutil.rmtree, os.environ["EASEL_CACHE"], ignore_errors=True)

from runner.model import Model
from runner.rules import settle
from runner.signature import Field

DEMO_ZIP = ROOT / "examples" / "fluent-3d.zip"
SHORT = {
    "max_train_steps": 4,
    "train_batch_size": 2,
    "resolution": 64,
    "seed": 0,
    "sample_steps": 0,
    "publish": "last",
    "num_class_images": 2,
}


@dataclass
class Called:
    """What a function gave back, and what it wrote to the log."""

    result: object
    log: str


class Functions:
    """The model's two functions with the base's defaults, as plain functions."""

    def __init__(self, base: Path) -> None:
        self.model = Model(ROOT / "models" / "sdxl", base)

    def train(self, **given) -> Called:
        values = {"input_images": DEMO_ZIP, **SHORT, **given}
        called = _call(self.model.train, settle(self.model.train_fields, self.model.train_rules, values), values)
        return Called(Path(called.result.weights), called.log)

    def predictor(self, weights: Path | None = None):
        predictor = self.model.predictor_class()
        predictor.setup(weights)
        return predictor

    def draw(self, predictor, **given) -> Called:
        return _call(predictor.predict, self.model.predict_fields, {"num_inference_steps": 2, "seed": 1, **given})


def _call(function, fields: list[Field], given: dict) -> Called:
    log = io.StringIO()
    with redirect_stdout(log):
        result = function(**{field.name: field.default for field in fields} | given)
    return Called(result, log.getvalue())


@pytest.fixture(scope="session")
def functions() -> Functions:
    return Functions(ROOT / "bases" / "emoji")


@pytest.fixture(scope="session")
def trained(functions: Functions) -> Called:
    """Four steps on the demo's zip with seed 0."""
    return functions.train()


@pytest.fixture
def on_base(monkeypatch):
    """Puts another base in the place of the embedded one for the length of a test."""

    def use(folder: Path) -> None:
        monkeypatch.setenv("EASEL_BASE", str(folder))

    monkeypatch.setenv("EASEL_BASE", os.environ.get("EASEL_BASE", str(ROOT / "bases" / "emoji")))
    return use


def members(path: Path) -> dict[str, bytes]:
    with tarfile.open(path) as tar:
        return {entry.name: tar.extractfile(entry).read() for entry in tar}


def fingerprint() -> str:
    """Of every number in the base's networks, whatever holds it."""
    from base import current

    base = current()
    total = hashlib.sha256()
    for network in (base.unet, base.vae, *base.text_encoders):
        for name, tensor in network.state_dict().items():
            total.update(name.encode() + tensor.numpy().tobytes())
    return total.hexdigest()


def make_zip(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def encode_png(picture: Image.Image, **options) -> bytes:
    data = io.BytesIO()
    picture.save(data, options.pop("format", "PNG"), **options)
    return data.getvalue()
