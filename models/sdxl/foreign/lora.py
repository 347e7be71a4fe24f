"""A LoRA as kohya's trainer, peft, diffusers or ComfyUI writes it, as an adapter of a base. Knows nothing about files."""

from __future__ import annotations

import json

import torch
from adapter import Adapter

import runner

from .layers import Layers

# How a key ends, and what it holds; what stands before is a layer's name.
ENDS = {
    ".lora_down.weight": "down",
    ".lora_up.weight": "up",
    ".lora_A.weight": "down",
    ".lora_B.weight": "up",
    ".lora_A.default.weight": "down",
    ".lora_B.default.weight": "up",
    ".lora.down.weight": "down",
    ".lora.up.weight": "up",
    ".lora_linear_layer.down.weight": "down",
    ".lora_linear_layer.up.weight": "up",
    "_lora.down.weight": "down",
    "_lora.up.weight": "up",
    ".alpha": "alpha",
}
NOTES = "lora_adapter_metadata"


def is_lora(keys: list[str]) -> bool:
    """Whether any of a file's keys is one of a LoRA."""
    return any(_split(key) for key in keys)


def read_lora(tensors: dict[str, torch.Tensor], notes: dict[str, str], layers: Layers) -> Adapter:
    """The LoRA with each pair at the strength that its alpha gives it. Raises `runner.Failure` naming the first key that
    does not fit the base, or is no part of a LoRA that Easel knows."""
    parts: dict[str, dict[str, tuple[str, torch.Tensor]]] = {}
    for key, tensor in tensors.items():
        name, kind = _split(key) or (None, None)
        layer = layers.foreign.get(_plain(name)) if name else None
        if layer is None:
            raise _misfit(key, "the base has no such layer" if name else "only plain LoRA layers can be used")
        parts.setdefault(layer, {})[kind] = (key, tensor)
    alphas = _read_alphas(notes)
    pairs = {layer: _read_pair(layer, of_layer, layers, alphas) for layer, of_layer in parts.items()}
    return Adapter(dict(sorted(pairs.items())))


def _split(key: str) -> tuple[str, str] | None:
    return next(((key.removesuffix(end), kind) for end, kind in ENDS.items() if key.endswith(end)), None)


def _plain(name: str) -> str:
    """Without what peft and diffusers' old attention processors put around a layer's name."""
    name = name.removeprefix("base_model.model.")
    attention, processor, projection = name.rpartition(".processor.")
    if not processor:
        return name
    projection = projection.removesuffix("_lora")
    return f"{attention}.{projection}.0" if projection == "to_out" else f"{attention}.{projection}"


def _read_pair(
    layer: str, of_layer: dict[str, tuple[str, torch.Tensor]], layers: Layers, alphas: dict
) -> tuple[torch.Tensor, torch.Tensor]:
    first = next(iter(of_layer.values()))[0]
    if "down" not in of_layer or "up" not in of_layer:
        raise _misfit(first, "the other half of the pair is not there")
    (down_key, down), (up_key, up) = of_layer["down"], of_layer["up"]
    weight, rank = layers.own[layer].weight, len(down) if down.dim() else 0
    if not rank or not _reads(down, weight):
        raise _misfit(down_key, f"it is {_shape(down)}, where the base's layer is {_shape(weight)}")
    if up.dim() < 2 or up.flatten(1).shape != (len(weight), rank):
        raise _misfit(up_key, f"it is {_shape(up)}, where the base's layer is {_shape(weight)} and the rank {rank}")
    down, up = down.float(), up.float()
    if not (torch.isfinite(down).all() and torch.isfinite(up).all()):
        raise _misfit(down_key, "it or its other half holds numbers that are none")
    alpha = _alpha_of(layer, rank, alphas)
    if "alpha" in of_layer:
        alpha_key, tensor = of_layer["alpha"]
        if tensor.numel() != 1 or not torch.isfinite(tensor.float()).all():
            raise _misfit(alpha_key, f"it is {_shape(tensor)}, not one number")
        alpha = tensor.item()
    return down, up * (alpha / rank)


def _reads(down: torch.Tensor, weight: torch.Tensor) -> bool:
    """Whether it takes what the layer takes. A linear layer's half may be written as a convolution of one pixel."""
    same_kernel = down.shape[2:] == weight.shape[2:] or weight.dim() == 2
    return down.dim() >= 2 and down[0].numel() == weight[0].numel() and same_kernel


def _read_alphas(notes: dict[str, str]) -> dict:
    """peft's settings, which diffusers writes into the file: `unet.lora_alpha` and the like."""
    try:
        return json.loads(notes[NOTES]) if NOTES in notes else {}
    except ValueError as error:
        raise runner.Failure("weights_unusable", f"its {NOTES} is no JSON: {error}") from error


def _alpha_of(layer: str, rank: int, alphas: dict) -> float:
    part, _, inside = layer.partition(".") if layer.startswith("text_encoder") else ("unet", ".", layer)
    pattern = alphas.get(f"{part}.alpha_pattern") or {}
    alpha = next((value for name, value in pattern.items() if f".{inside}".endswith(f".{name}")), None)
    alpha = alphas.get(f"{part}.lora_alpha", rank) if alpha is None else alpha
    # Kalajdzievski, 2023.
    return alpha * rank**0.5 if alphas.get(f"{part}.use_rslora") else alpha


def _shape(tensor: torch.Tensor) -> str:
    return " × ".join(map(str, tensor.shape))


def _misfit(key: str, reason: str) -> runner.Failure:
    return runner.Failure("weights_unusable", f"{key} does not fit: {reason}.")
