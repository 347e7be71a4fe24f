"""An adapter as the tensors and notes of a LoRA file, diffusers' way or kohya's. Knows nothing about sizes or words."""

from __future__ import annotations

import json
from collections import Counter

import torch
from adapter import Adapter

from .names import lora_name


def diffusers_lora(adapter: Adapter) -> tuple[dict[str, torch.Tensor], dict[str, str]]:
    """peft's key names under `unet.`, and its configuration where ranks differ.

    Without the latter, diffusers before 0.42 would scale each layer by most layers' rank over its own.
    """
    tensors = {
        f"unet.{layer}.lora_{letter}.weight": side
        for layer, pair in adapter.pairs.items()
        for letter, side in zip("AB", pair, strict=True)
    }
    ranks = {layer: down.shape[0] for layer, (down, _) in adapter.pairs.items()}
    if len(set(ranks.values())) == 1:
        return tensors, {}
    usual = Counter(ranks.values()).most_common(1)[0][0]
    pattern = {layer: rank for layer, rank in ranks.items() if rank != usual}
    settings = {
        "r": usual,
        "lora_alpha": usual,
        "rank_pattern": pattern,
        "alpha_pattern": pattern,
        "target_modules": list(ranks),
    }
    notes = json.dumps({f"unet.{name}": value for name, value in settings.items()}, separators=(",", ":"))
    return tensors, {"lora_adapter_metadata": notes}


def kohya_lora(adapter: Adapter, unet_config: dict) -> dict[str, torch.Tensor]:
    """kohya's key names, and one `alpha` for all layers, the largest rank, so that strength 1 is the training's own.

    Readers scale a layer by its alpha over its rank, and ranks may differ. The layers make up for it, not their alphas:
    diffusers 0.42 reads differing alphas under names that its layers do not have, and gives all the commonest one.
    """
    alpha = max(down.shape[0] for down, _ in adapter.pairs.values())
    tensors = {}
    for layer, pair in adapter.pairs.items():
        name, share = lora_name(layer, unet_config), (pair[0].shape[0] / alpha) ** 0.5
        for side, tensor in zip(("down", "up"), pair, strict=True):
            tensors[f"{name}.lora_{side}.weight"] = tensor if share == 1 else tensor * share
        tensors[f"{name}.alpha"] = torch.tensor(float(alpha))
    return tensors
