"""What other programs call a base's layers. Knows nothing about files or LoRAs."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import torch
from base import Base
from export.names import unet_name

ENCODERS = {"text_encoder": "lora_te1_", "text_encoder_2": "lora_te2_"}


@dataclass(frozen=True)
class Layers:
    """`own` maps our names to layers, `foreign` every name that one of them has elsewhere to ours."""

    own: dict[str, torch.nn.Module]
    foreign: dict[str, str]


@functools.lru_cache(maxsize=2)
def name_layers(base: Base) -> Layers:
    """All layers of a base that a LoRA may change, by their names in diffusers, peft, kohya's trainer and ComfyUI."""
    own = base.foldable_layers
    foreign: dict[str, str] = {}
    for layer in own:
        foreign |= dict.fromkeys(names_elsewhere(layer, base.unet.config), layer)
    return Layers(own, foreign)


def names_elsewhere(layer: str, unet_config: dict) -> list[str]:
    """What one of our layers may be called in a LoRA, without the key's end."""
    encoder, _, inside = layer.partition(".")
    return _encoder_names(encoder, inside) if encoder in ENCODERS else _unet_names(layer, unet_config)


def _unet_names(layer: str, config: dict) -> list[str]:
    original = unet_name(layer, config)
    return [
        f"unet.{layer}",
        layer,
        f"lora_unet_{layer}".replace(".", "_"),
        f"lora_unet_{original}".replace(".", "_"),
        f"diffusion_model.{original}",
    ]


def _encoder_names(encoder: str, inside: str) -> list[str]:
    # transformers 5 has no `text_model.` in the first encoder's names any more; all files have.
    inside = inside.removeprefix("text_model.")
    return [
        f"{encoder}.text_model.{inside}",
        f"{encoder}.{inside}",
        f"{ENCODERS[encoder]}text_model_{inside}".replace(".", "_"),
    ]
