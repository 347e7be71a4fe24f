"""The refusal of a key that does not fit the base, with the reason and the way out."""

from __future__ import annotations

import torch

import runner

OTHER_BASE = "Take a LoRA for this base"


def misfit(key: str, reason: str) -> runner.Failure:
    return runner.Failure("weights_unusable", f"{key} does not fit: {reason}.")


def shape_of(tensor: torch.Tensor) -> str:
    return " × ".join(map(str, tensor.shape))
