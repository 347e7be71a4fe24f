"""A base's configuration and tensors as they lie on disk in diffusers' layout. Builds no network."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass, field
from pathlib import Path

import torch
from safetensors import safe_open

import runner

STEMS = ("diffusion_pytorch_model", "model")
# Of weights in older files of text encoders, where transformers has dropped it.
OLDER_PREFIX = "text_model."


@dataclass(frozen=True)
class StoredBase:
    """One base's folder. `replaced` holds what a fine-tune has in place of its networks' weights, by network and name."""

    folder: Path
    replaced: dict[str, dict[str, torch.Tensor]] = field(default_factory=dict)
    _opened: dict[str, StoredNetwork] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def unet(self) -> StoredNetwork:
        return self.network("unet")

    def network(self, name: str) -> StoredNetwork:
        """`unet`, `vae`, `text_encoder` or `text_encoder_2`."""
        if name not in self._opened:
            self._opened[name] = StoredNetwork(self.folder / name, self.replaced.get(name, {}))
        return self._opened[name]

    @functools.cached_property
    def scheduler(self) -> dict:
        return json.loads((self.folder / "scheduler" / "scheduler_config.json").read_text())

    @property
    def is_sdxl(self) -> bool:
        """Whether other programs take it for SDXL: by shape, as they do."""
        config = self.unet.config
        return config["block_out_channels"] == [320, 640, 1280] and config["cross_attention_dim"] == 2048


class StoredNetwork:
    """One network's configuration, and its tensors by name. Raises `runner.Failure` when its files are not there."""

    def __init__(self, folder: Path, replaced: dict[str, torch.Tensor]) -> None:
        if not (folder / "config.json").is_file():
            raise runner.Failure(
                "base_missing",
                f"The base has no {folder}/config.json. Get it again: easel base get, or easel base add.",
            )
        self.config: dict = json.loads((folder / "config.json").read_text())
        self._replaced = replaced
        self._files = {name: file for file in _open(folder) for name in file.keys()}  # noqa: SIM118

    def names(self) -> list[str]:
        return sorted(self._files)

    def shape(self, name: str) -> tuple[int, ...] | None:
        """A tensor's shape; None where the network has no such tensor."""
        for stored in (name, f"{OLDER_PREFIX}{name}"):
            if stored in self._files:
                return tuple(self._files[stored].get_slice(stored).get_shape())
        return None

    def read(self, name: str) -> torch.Tensor:
        own = self._replaced.get(name, self._replaced.get(name.removeprefix(OLDER_PREFIX)))
        return self._files[name].get_tensor(name) if own is None else own


def _open(folder: Path) -> list:
    for stem in STEMS:
        whole, index = folder / f"{stem}.safetensors", folder / f"{stem}.safetensors.index.json"
        if whole.is_file():
            return [safe_open(whole, "pt")]
        if index.is_file():
            parts = sorted(set(json.loads(index.read_text())["weight_map"].values()))
            return [safe_open(folder / part, "pt") for part in parts]
    raise runner.Failure(
        "base_missing",
        f"The base has no weights in {folder} as .safetensors. Get it again: easel base get, or easel base add.",
    )
