"""A .safetensors file of another program: a LoRA, or an embedding. The one door to this package."""

from __future__ import annotations

from pathlib import Path

from base import Base
from safetensors import safe_open
from weights import Weights

import runner

from .embedding import is_embedding, read_embedding
from .layers import name_layers
from .lora import is_lora, read_lora


def read_tensors(base: Base, path: Path, token_string: str | None) -> Weights:
    """Raises `runner.Failure` naming the first key that does not fit the base, and what safetensors raises for a file that
    is damaged."""
    with safe_open(path, "pt") as file:
        notes, tensors = file.metadata() or {}, {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    if is_embedding(list(tensors)):
        return Weights(None, read_embedding(tensors, notes, token_string, base), {})
    if is_lora(list(tensors)):
        return Weights(read_lora(tensors, notes, name_layers(base)), None, {})
    raise runner.Failure(
        "weights_unusable",
        f"{min(tensors, default='It')} does not fit: this is no LoRA and no embedding. Give one of these.",
    )
