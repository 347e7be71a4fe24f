"""Which network goes over a picture after the base. Knows nothing about steps."""

from __future__ import annotations

import functools
import json
import os
from pathlib import Path

from base import Base

import runner

SETTING = "EASEL_SDXL_REFINER"


def find_refiner(base: Base) -> Base:
    """The refiner in the folder that EASEL_SDXL_REFINER names, where it is one for this base's latents; else the base itself.
    Raises `runner.Failure` when the folder holds none."""
    folder = os.environ.get(SETTING)
    if folder and _channels(Path(folder)) == base.unet.config.in_channels:
        return _load(folder, base)
    return base


def _channels(folder: Path) -> int:
    try:
        return json.loads((folder / "unet" / "config.json").read_text())["in_channels"]
    except (OSError, ValueError, KeyError) as error:
        raise runner.Failure(
            "base_missing",
            f"{SETTING}: {folder} holds no refiner in diffusers' layout (model_index.json, unet/, …). "
            "Name a folder that does, or unset it.",
        ) from error


@functools.lru_cache(maxsize=1)
def _load(folder: str, base: Base) -> Base:
    # A refiner's own VAE is the base's.
    return Base(Path(folder), base.device, base.vae)
