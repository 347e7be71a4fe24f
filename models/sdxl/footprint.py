"""How much memory a training image takes inside an SDXL UNet, by its configuration. Knows nothing about devices."""

from __future__ import annotations

from collections.abc import Mapping

# Numbers kept for the backward pass, for each number of the block's width and place: a transformer layer by Korthikanti et al.,
# 2022, a resnet by counting; both a fifth up, which at SDXL's size gives the 1.3 GiB an image at 512 px that an H100 showed.
PER_TRANSFORMER_LAYER, PER_RESNET = 20, 12
# What is left where blocks are computed anew: 6.5 GiB in place of 13 at 1024 px, of which 5.1 are the UNet's weights.
SHARE_RECOMPUTED = 0.25


def activation_bytes(unet: Mapping, latent_side: int, bytes_per_number: int, recomputed: bool) -> float:
    """What one image of `latent_side` squared latents takes. `unet` is the network's configuration."""
    widths, resnets = unet["block_out_channels"], unet["layers_per_block"]
    layers = unet["transformer_layers_per_block"]
    depth = len(widths)
    layers = [layers] * depth if isinstance(layers, int) else layers
    numbers = 0.0
    for level, (width, across) in enumerate(zip(widths, layers, strict=True)):
        places = (latent_side / 2**level) ** 2 * width
        down, up = (
            "CrossAttn" in unet["down_block_types"][level],
            "CrossAttn" in unet["up_block_types"][depth - 1 - level],
        )
        attentions = resnets * down + (resnets + 1) * up
        blocks = 2 * resnets + 1
        if level == depth - 1:
            # The middle block: one attention between two resnets.
            attentions, blocks = attentions + 1, blocks + 2
        numbers += places * (PER_TRANSFORMER_LAYER * across * attentions + PER_RESNET * blocks)
    return numbers * bytes_per_number * (SHARE_RECOMPUTED if recomputed else 1)
