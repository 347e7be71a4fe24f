"""The script that measures a GPU: that its base has SDXL's real size, and that all of it runs, on a CPU and in small."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
import torch
from conftest import ROOT

FOLDER = ROOT / "models" / "sdxl" / "bench"


@pytest.mark.parametrize(
    ("part", "count"),
    [
        ("unet", 2_567_463_684),
        ("vae", 83_653_863),
        ("text_encoder", 123_060_480),
        ("text_encoder_2", 694_659_840),
        ("clipseg", 150_747_746),
    ],
)
def test_the_base_has_sdxls_size(monkeypatch, part: str, count: int):
    monkeypatch.syspath_prepend(str(FOLDER))
    from random_base import SIZES, parts

    with torch.device("meta"):
        network = parts(SIZES["sdxl"])[part]()
    assert sum(parameter.numel() for parameter in network.parameters()) == count


def test_it_runs_in_small():
    # A cache of its own, in its own folder.
    environment = {name: value for name, value in os.environ.items() if name != "EASEL_CACHE"}
    command = [sys.executable, str(FOLDER / "gpu.py"), "--tiny"]
    ran = subprocess.run(command, check=False, capture_output=True, text=True, env=environment)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    for said in ("64 px, batch 2", "times as fast", "zip to weights, 24 steps", "pictures of 64 px", "are not judged"):
        assert said in ran.stdout
