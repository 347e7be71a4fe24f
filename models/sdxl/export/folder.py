"""A base whose networks a training has replaced, as a folder in diffusers' layout that needs nothing else."""

from __future__ import annotations

import shutil
from pathlib import Path

from .stored import STEMS, StoredBase, StoredNetwork
from .tensor_file import Entry, write_tensors

NETWORKS = {"unet": STEMS[0], "vae": STEMS[0], "text_encoder": STEMS[1], "text_encoder_2": STEMS[1]}
COPIED = ("scheduler", "tokenizer", "tokenizer_2")


def write_folder(folder: Path, base: StoredBase) -> list[Path]:
    """Writes all networks in half precision, and beside them the base's own configuration and tokenizers."""
    files = [_copy(base.folder / "model_index.json", folder / "model_index.json")]
    for part, stem in NETWORKS.items():
        (folder / part).mkdir(exist_ok=True)
        files.append(_copy(base.folder / part / "config.json", folder / part / "config.json"))
        path = folder / part / f"{stem}.safetensors"
        write_tensors(path, _entries(base.network(part)), {})
        files.append(path)
    for part in COPIED:
        (folder / part).mkdir(exist_ok=True)
        own = sorted(path for path in (base.folder / part).iterdir() if path.is_file())
        files += [_copy(path, folder / part / path.name) for path in own]
    return files


def _entries(network: StoredNetwork) -> list[Entry]:
    # Older text encoders hold a row of position numbers, which is no weight and every program makes for itself.
    names = [name for name in network.names() if not name.endswith("position_ids")]
    return [Entry(name, network.shape(name), lambda name=name: network.read(name)) for name in names]


def _copy(source: Path, target: Path) -> Path:
    shutil.copyfile(source, target)
    return target
