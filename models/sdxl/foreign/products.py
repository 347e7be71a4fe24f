"""What LyCORIS and peft write of a layer in place of a LoRA pair, or beside it: LoHa, LoKr and DoRA. Knows nothing about
layers' names."""

from __future__ import annotations

from collections.abc import Callable

import torch
from changes import Change, Decomposed, Hadamard, Kronecker

from .misfit import OTHER_BASE, misfit, shape_of

# By kind the key and its tensor.
Parts = dict[str, tuple[str, torch.Tensor]]

HADAMARD = ("hada_w1_a", "hada_w1_b", "hada_w2_a", "hada_w2_b")
KRONECKER = ("lokr_w1", "lokr_w1_a", "lokr_w1_b", "lokr_w2", "lokr_w2_a", "lokr_w2_b")
# peft's says a length for each output, LyCORIS' for each output or for each input.
PEFTS_LENGTHS, LENGTHS = "lora_magnitude_vector", "dora_scale"


def read_product(parts: Parts, weight: torch.Tensor, strength: Callable[[int | None], float]) -> Change:
    """LoHa or LoKr. `strength(rank)` is what its product counts; a LoKr may have no rank. Raises `runner.Failure`."""
    key = next(iter(parts.values()))[0]
    try:
        change = _multiply(parts, weight, strength)
        # Only shapes are asked for: the product itself is as large as the weight.
        fits = change.of(weight.to("meta")).shape == weight.flatten(1).shape
    except (RuntimeError, KeyError, ValueError) as error:
        raise misfit(key, "the parts of its layer do not go together. Fetch the file again") from error
    if not fits:
        raise misfit(key, f"with its layer's other parts it is not {shape_of(weight)}, as the base's is. {OTHER_BASE}")
    if not all(torch.isfinite(one).all() for one in change.tensors()):
        raise misfit(key, "its layer's parts hold numbers that are none. Take an earlier state of the LoRA")
    return change


def _multiply(parts: Parts, weight: torch.Tensor, strength: Callable[[int | None], float]) -> Change:
    tensors = {kind: tensor.float() for kind, (_, tensor) in parts.items()}
    if tensors.keys() & set(HADAMARD):
        up, down, second_up, second_down = (tensors[kind] for kind in HADAMARD)
        return Hadamard(up * strength(len(down)), down, second_up, second_down)
    (first, rank), (second, second_rank) = (_factor(tensors, kind) for kind in ("lokr_w1", "lokr_w2"))
    if second.dim() == 2 and weight.dim() == 4:
        second = second.view(len(second), -1, *weight.shape[2:])
    return Kronecker(first * strength(second_rank or rank), second)


def _factor(tensors: dict[str, torch.Tensor], kind: str) -> tuple[torch.Tensor, int | None]:
    """One side of a Kronecker product, itself whole or of a rank."""
    if kind in tensors:
        return tensors[kind], None
    up, down = tensors[f"{kind}_a"], tensors[f"{kind}_b"]
    return up @ down, len(down)


def decompose(change: Change, parts: Parts, weight: torch.Tensor) -> Change:
    """DoRA: the change, with the lengths that stand beside it, if any do. Raises `runner.Failure`."""
    kind = next((kind for kind in (PEFTS_LENGTHS, LENGTHS) if kind in parts), None)
    if kind is None:
        return change
    key, lengths = parts[kind]
    outputs, inputs = weight.shape[:2]
    if lengths.numel() == outputs and (kind == PEFTS_LENGTHS or len(lengths) == outputs):
        shape = (outputs, 1, 1)
    elif lengths.numel() == inputs and kind == LENGTHS:
        shape = (1, inputs, 1)
    else:
        raise misfit(key, f"it is {shape_of(lengths)}, where the base's layer is {shape_of(weight)}. {OTHER_BASE}")
    if not torch.isfinite(lengths.float()).all():
        raise misfit(key, "it holds numbers that are none. Take an earlier state of the LoRA")
    return Decomposed(change, lengths.float().view(shape))
