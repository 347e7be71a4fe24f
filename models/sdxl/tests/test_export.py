"""Exported files in the hands of diffusers' own loaders, in a process that cannot import anything of ours."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from adapter import Adapter
from conftest import ROOT, Called, Functions
from export.bundle import export_weights
from PIL import Image
from weights import read_weights, write_weights

EMOJI = ROOT / "bases" / "emoji"
DRAWN = {"prompt": "a TOK emoji of a fox", "num_inference_steps": 6, "guidance_scale": 4.0}
STRONGER = 40

# Runs each README's own lines up to the picture, which is drawn with a seed.
FRESH = """
import importlib.util, os, re, sys
for name in ("runner", "base", "weights", "export"):
    assert importlib.util.find_spec(name) is None, name
import torch
torch.set_num_threads(1)
for folder in sys.argv[2:]:
    os.chdir(folder)
    code = re.search("```python\\n(.*?)```", open("README.md").read(), re.S).group(1)
    code = re.sub('(?m)^base = ".*"', lambda _: f"base = {sys.argv[1]!r}", code.split("\\npicture = ")[0])
    names = {}
    exec(code, names)
    generator = torch.Generator("cpu").manual_seed(1)
    names["pipeline"](**DRAWN | {"prompt": "a <tok> emoji of a fox"}, generator=generator).images[0].save("fresh.png")
"""


@pytest.fixture(scope="module")
def strong(trained: Called, tmp_path_factory) -> Path:
    """The short training's weights with its small change made large: what is dropped or scaled wrong shows."""
    path = tmp_path_factory.mktemp("strong") / "toy.tar"
    weights = read_weights(trained.result)
    pairs = {name: (down, up * STRONGER) for name, (down, up) in weights.adapter.pairs.items()}
    write_weights(path, replace(weights, adapter=Adapter(pairs)))
    return path


@pytest.fixture(scope="module")
def exported(strong: Path, tmp_path_factory) -> dict[str, Path]:
    """A folder of each format, each with `fresh.png` beside it, drawn by its README in a fresh process."""
    folders = {name: tmp_path_factory.mktemp(name) for name in ("diffusers", "kohya", "checkpoint")}
    for name, folder in folders.items():
        export_weights(strong, EMOJI, name, folder, "toy")
    draw_freshly(EMOJI, *folders.values())
    return folders


def draw_freshly(base: Path, *folders: Path) -> None:
    code = f"DRAWN = {DRAWN!r}\n{FRESH}"
    command = [sys.executable, "-I", "-c", code, str(base), *map(str, folders)]
    done = subprocess.run(command, cwd=folders[0], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def difference(one: Path, other: Path) -> int:
    first, second = (np.asarray(Image.open(path).convert("RGB")).astype(int) for path in (one, other))
    return int(np.abs(first - second).max())


@pytest.fixture(scope="module")
def own_picture(functions: Functions, strong: Path) -> Path:
    return functions.draw(functions.predictor(strong), **DRAWN, seed=1, lora_scale=1).result[0]


@pytest.mark.parametrize("file_format", ["diffusers", "kohya", "checkpoint"])
def test_another_program_draws_the_same_picture(exported: dict[str, Path], own_picture: Path, file_format: str):
    assert difference(exported[file_format] / "fresh.png", own_picture) <= 2


def test_the_picture_shows_lora_and_word(functions: Functions, strong: Path, own_picture: Path):
    """Else the same picture would prove nothing."""
    predictor = functions.predictor(strong)
    without_lora = functions.draw(predictor, **DRAWN, seed=1, lora_scale=0).result[0]
    assert difference(without_lora, own_picture) > 40
    without_word = functions.draw(predictor, **DRAWN | {"prompt": "a emoji of a fox"}, seed=1, lora_scale=1).result[0]
    assert difference(without_word, own_picture) > 40
