"""Exports a tar of trained weights to a folder that other programs read: the one door to this package."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from adapter import Adapter
from fitting import refuse_misfits
from weights import Weights, read_weights
from words import split

import runner

from .checkpoint import list_entries
from .description import describe_lora, describe_model
from .embeddings import diffusers_tokens, file_names, write_for_diffusers, write_for_kohya
from .folder import write_folder
from .lora import diffusers_lora, kohya_lora
from .readme import Shown, checkpoint_readme, diffusers_readme, kohya_readme
from .shrink import Fidelity, compare, shrink
from .stored import StoredBase
from .tensor_file import HASHED, Entry, count_bytes, held, write_tensors

FORMATS = ("diffusers", "kohya", "checkpoint")
MEGABYTE = 1_000_000

LoraFile = Callable[[Adapter], tuple[list[Entry], dict[str, str]]]


@dataclass(frozen=True)
class Exported:
    """What was written, and, where a LoRA was made smaller, what that cost."""

    files: list[Path]
    fidelity: Fidelity | None


def export_weights(
    weights_path: Path, base_folder: Path, file_format: str, folder: Path, title: str, max_mb: float | None = None
) -> Exported:
    """Writes the weights in one of `FORMATS` into `folder`, in half precision.

    `max_mb` bounds the LoRA's file (1 MB = 1,000,000 bytes). Raises `runner.Failure` where the weights do not fit the
    base, or the size holds nothing.
    """
    weights = read_weights(weights_path)
    base = StoredBase(base_folder, weights.whole.networks if weights.whole else {})
    refuse_misfits(weights, lambda network, weight: base.network(network).shape(weight), weights_path.name)
    if weights.whole and file_format == "kohya":
        raise runner.Failure(
            "input_invalid",
            "format: these weights are a whole model, and kohya is a format of LoRAs; ask for checkpoint, which the same "
            "programs read.",
        )
    if weights.whole and max_mb is not None:
        raise runner.Failure("input_invalid", "max_mb: a whole model is as large as its base; leave it out.")
    title = name_safely(title)
    folder.mkdir(parents=True, exist_ok=True)
    write = {"diffusers": _write_diffusers, "kohya": _write_kohya, "checkpoint": _write_checkpoint}[file_format]
    return write(weights, base, folder, title, max_mb)


def name_safely(title: str) -> str:
    """A title as a file's name without its end."""
    return re.sub(r"[^\w.-]+", "-", title).strip(".-") or "model"


def _write_diffusers(weights: Weights, base: StoredBase, folder: Path, title: str, max_mb: float | None) -> Exported:
    def lora_file(adapter: Adapter) -> tuple[list[Entry], dict[str, str]]:
        tensors, notes = diffusers_lora(adapter)
        return held(tensors), notes

    files, fidelity = write_folder(folder, base) if weights.whole else [], None
    if weights.adapter:
        files, fidelity = _write_lora(folder / "pytorch_lora_weights.safetensors", weights.adapter, lora_file, max_mb)
    if weights.words:
        files += write_for_diffusers(folder, weights.words)
    shown = _shown(weights, base, title)
    # A whole model is its own base: the folder itself.
    return _finish(folder, files, fidelity, diffusers_readme(replace(shown, base=".") if weights.whole else shown))


def _write_kohya(weights: Weights, base: StoredBase, folder: Path, title: str, max_mb: float | None) -> Exported:
    def lora_file(adapter: Adapter) -> tuple[list[Entry], dict[str, str]]:
        return held(kohya_lora(adapter, base.unet.config)), describe_lora(title, adapter, weights, base)

    files, fidelity = [], None
    if weights.adapter:
        files, fidelity = _write_lora(folder / f"{title}.safetensors", weights.adapter, lora_file, max_mb)
    files += _write_embeddings(weights, base, folder, title)
    return _finish(folder, files, fidelity, kohya_readme(_shown(weights, base, title)))


def _write_checkpoint(weights: Weights, base: StoredBase, folder: Path, title: str, max_mb: float | None) -> Exported:
    if max_mb is not None:
        raise runner.Failure("input_invalid", "max_mb: a checkpoint is as large as its base; leave it out.")
    path = folder / f"{title}.safetensors"
    notes = describe_model(title, "", weights, base) | {"modelspec.hash_sha256": f"0x{HASHED}"}
    write_tensors(path, list_entries(base, weights.adapter, _scale(weights)), notes)
    files = [path, *_write_embeddings(weights, base, folder, title)]
    return _finish(folder, files, None, checkpoint_readme(_shown(weights, base, title)))


def _write_lora(
    path: Path, adapter: Adapter, lora_file: LoraFile, max_mb: float | None
) -> tuple[list[Path], Fidelity | None]:
    def fits(smaller: Adapter) -> bool:
        return max_mb is None or count_bytes(*lora_file(smaller)) <= max_mb * MEGABYTE

    if fits(adapter):
        write_tensors(path, *lora_file(adapter))
        return [path], None
    smaller = shrink(adapter, fits)
    if smaller is None:
        raise runner.Failure("input_invalid", f"max_mb: nothing of this LoRA fits in {max_mb:g} MB; ask for more.")
    fidelity = compare(adapter, smaller)
    write_tensors(path, *lora_file(smaller))
    report = path.with_name("fidelity.json")
    report.write_text(json.dumps(asdict(fidelity), indent=2))
    return [path, report], fidelity


def _write_embeddings(weights: Weights, base: StoredBase, folder: Path, title: str) -> list[Path]:
    if not weights.words or not weights.words.learnt():
        return []
    return write_for_kohya(
        folder / "embeddings", weights.words, describe_model(title, "textual-inversion", weights, base)
    )


def _finish(folder: Path, files: list[Path], fidelity: Fidelity | None, readme: str) -> Exported:
    path = folder / "README.md"
    path.write_text(readme, encoding="utf-8")
    return Exported([*files, path], fidelity)


def _shown(weights: Weights, base: StoredBase, title: str) -> Shown:
    files = file_names(weights.words) if weights.words else {}
    tokens = diffusers_tokens(weights.words) if weights.words else {}
    read_as = weights.words.read_as() if weights.words else {}
    written = tokens | read_as
    prompt = weights.card.get("defaults", {}).get("prompt") or f"a picture of {' '.join(files) or 'a fox'}"
    prompt = "".join(written.get(part, part) for part in split(prompt, written))
    name = weights.card.get("base", {}).get("name", base.folder.name)
    return Shown(title, name, prompt, files, tokens, read_as, weights.adapter is not None, _scale(weights))


def _scale(weights: Weights) -> float:
    return float(weights.card.get("defaults", {}).get("lora_scale", 1))
