"""A LoRA as kohya's trainer, LyCORIS, peft, diffusers or ComfyUI writes it, as an adapter of a base. Knows nothing about files."""

from __future__ import annotations

import json
from dataclasses import dataclass

import torch
from adapter import Adapter, Pair
from changes import Change, LowRank

import runner

from .layers import Layers
from .misfit import OTHER_BASE, misfit, shape_of
from .products import HADAMARD, KRONECKER, LENGTHS, PEFTS_LENGTHS, Parts, decompose, read_product

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
    f".{LENGTHS}": LENGTHS,
    **{f".{PEFTS_LENGTHS}{end}": PEFTS_LENGTHS for end in ("", ".weight", ".default.weight")},
    **{f".{kind}": kind for kind in (*HADAMARD, *KRONECKER)},
}
PAIR = {"down", "up", "alpha"}
NOTES = "lora_adapter_metadata"


def is_lora(keys: list[str]) -> bool:
    """Whether any of a file's keys is one of a LoRA."""
    return any(_split(key) for key in keys)


def read_lora(tensors: dict[str, torch.Tensor], notes: dict[str, str], layers: Layers) -> Adapter:
    """The LoRA with each pair at the strength that its alpha gives it. Raises `runner.Failure` naming the first key that
    does not fit the base, or is no part of a LoRA that Easel knows."""
    parts: dict[str, Parts] = {}
    for key, tensor in tensors.items():
        name, kind = _split(key) or (None, None)
        layer = layers.foreign.get(_plain(name)) if name else None
        if layer is None:
            raise misfit(
                key,
                "the base has no such layer. Take a LoRA for this base"
                if name
                else "it is no part of a LoRA, LoHa, LoKr or DoRA. Save it as one of these",
            )
        of_layer = parts.setdefault(layer, {})
        if kind in of_layer:
            raise misfit(key, f"{of_layer[kind][0]} is for the same layer. Leave one of them out")
        of_layer[kind] = (key, tensor)
    alphas = _read_alphas(notes)
    pairs: dict[str, Pair] = {}
    others: dict[str, Change] = {}
    for layer, of_layer in sorted(parts.items()):
        if of_layer.keys() <= PAIR:
            pairs[layer] = _read_pair(layer, of_layer, layers, alphas)
        else:
            others[layer] = _read_other(layer, of_layer, layers, alphas)
    return Adapter(pairs, others=others)


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


def _read_other(layer: str, of_layer: Parts, layers: Layers, alphas: dict[str, Alphas]) -> Change:
    weight = layers.own[layer].weight
    products = {kind: part for kind, part in of_layer.items() if kind in (*HADAMARD, *KRONECKER)}
    pair = of_layer.keys() & {"down", "up"}
    if products and pair:
        raise misfit(next(iter(products.values()))[0], "its layer has parts of a plain LoRA too. Fetch the file again")
    change = (
        read_product(products, weight, lambda rank: _strength(layer, of_layer, alphas, rank))
        if products
        else LowRank(*_read_pair(layer, of_layer, layers, alphas))
    )
    return decompose(change, of_layer, weight)


def _read_pair(layer: str, of_layer: Parts, layers: Layers, alphas: dict[str, Alphas]) -> Pair:
    first = next(iter(of_layer.values()))[0]
    if "down" not in of_layer or "up" not in of_layer:
        raise misfit(first, "the other half of the pair is not there. Fetch the file again")
    (down_key, down), (up_key, up) = of_layer["down"], of_layer["up"]
    weight, rank = layers.own[layer].weight, len(down) if down.dim() else 0
    if not rank or not _reads(down, weight):
        raise misfit(down_key, f"it is {shape_of(down)}, where the base's layer is {shape_of(weight)}. {OTHER_BASE}")
    if up.dim() < 2 or up.flatten(1).shape != (len(weight), rank):
        raise misfit(
            up_key,
            f"it is {shape_of(up)}, where the base's layer is {shape_of(weight)} and the rank {rank}. {OTHER_BASE}",
        )
    down, up = down.float(), up.float()
    if not (torch.isfinite(down).all() and torch.isfinite(up).all()):
        raise misfit(down_key, "it or its other half holds numbers that are none. Take an earlier state of the LoRA")
    return down, up * _strength(layer, of_layer, alphas, rank)


def _strength(layer: str, of_layer: Parts, alphas: dict[str, Alphas], rank: int | None) -> float:
    """What a product of that rank counts: alpha / rank. One without a rank counts as it is, whatever its alpha."""
    if rank is None:
        return 1.0
    part, _, inside = layer.partition(".") if layer.startswith("text_encoder") else ("unet", ".", layer)
    alpha = alphas[part].of(inside, rank)
    if "alpha" in of_layer:
        alpha_key, tensor = of_layer["alpha"]
        if tensor.numel() != 1 or not torch.isfinite(tensor.float()).all():
            raise misfit(alpha_key, f"it is {shape_of(tensor)}, not one number. Save the LoRA again")
        alpha = tensor.item()
    return alpha / rank


def _reads(down: torch.Tensor, weight: torch.Tensor) -> bool:
    """Whether it takes what the layer takes. A linear layer's half may be written as a convolution of one pixel."""
    same_kernel = down.shape[2:] == weight.shape[2:] or weight.dim() == 2
    return down.dim() >= 2 and down[0].numel() == weight[0].numel() and same_kernel


@dataclass(frozen=True)
class Alphas:
    """peft's settings for one network, which diffusers writes into the file."""

    usual: float | None
    of_layers: dict[str, float]
    by_root: bool

    def of(self, layer: str, rank: int) -> float:
        own = next((alpha for name, alpha in self.of_layers.items() if f".{layer}".endswith(f".{name}")), self.usual)
        alpha = rank if own is None else own
        # Kalajdzievski, 2023.
        return alpha * rank**0.5 if self.by_root else alpha


def _read_alphas(notes: dict[str, str]) -> dict[str, Alphas]:
    """Of each network by its folder's name. Without notes, alphas are ranks."""
    try:
        settings = json.loads(notes.get(NOTES, "{}"))
        return {
            part: Alphas(
                usual=float(settings[f"{part}.lora_alpha"]) if f"{part}.lora_alpha" in settings else None,
                of_layers={name: float(one) for name, one in settings.get(f"{part}.alpha_pattern", {}).items()},
                by_root=bool(settings.get(f"{part}.use_rslora")),
            )
            for part in ("unet", "text_encoder", "text_encoder_2")
        }
    except (ValueError, TypeError, AttributeError) as error:
        raise runner.Failure(
            "weights_unusable", f"{NOTES} in it is not what peft writes: {error}. Save the LoRA again."
        ) from error
