"""A textual inversion for both of SDXL's text encoders, as A1111, ComfyUI, kohya's trainer and cog-sdxl write it."""

from __future__ import annotations

import torch
from base import Base
from words import Words

import runner

# The first encoder's key and the second's.
KEYS = (("clip_l", "clip_g"), ("text_encoders_0", "text_encoders_1"))
TRIGGER = "modelspec.trigger_phrase"


def is_embedding(keys: list[str]) -> bool:
    return any(key in keys for both in KEYS for key in both)


def read_embedding(
    tensors: dict[str, torch.Tensor], notes: dict[str, str], token_string: str | None, base: Base
) -> Words:
    """The embedding's rows, under `token_string` or the word that the file says itself. Raises `runner.Failure`."""
    both = next(both for both in KEYS if both[0] in tensors or both[1] in tensors)
    for key in both:
        if key not in tensors:
            raise runner.Failure(
                "weights_unusable",
                f"{key} is missing: SDXL has two text encoders. Take an embedding that was made for both.",
            )
    for key in tensors:
        if key not in both:
            raise runner.Failure(
                "weights_unusable",
                f"{key} does not fit: an embedding holds {' and '.join(both)} only. Take one without it.",
            )
    rows = [tensors[key].float() for key in both]
    for key, own, table in zip(both, rows, base.token_tables(), strict=True):
        if (
            own.dim() != 2
            or own.shape[1] != table.shape[1]
            or len(own) != len(rows[0])
            or not torch.isfinite(own).all()
        ):
            shape = " × ".join(map(str, own.shape))
            raise runner.Failure(
                "weights_unusable",
                f"{key} does not fit: it is {shape}; the base takes rows of {table.shape[1]}. Take one for this base.",
            )
    token_string = token_string or notes.get(TRIGGER)
    if not token_string:
        raise runner.Failure(
            "weights_unusable",
            "it is an embedding, and does not say for which word. Give it in loras, with token_string.",
        )
    return Words({token_string: range(len(rows[0]))}, rows)
