"""Swin2SR: four times as many pixels. Knows nothing about crops or resolutions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from prepare.loading import loading

# A crop just under SDXL's resolution would take all of a card's memory in one piece.
TILE_PIXELS = 192
OVERLAP_PIXELS = 16


class Upscaler:
    """Swin2SR (Conde et al., 2022) in float32 on one device."""

    def __init__(self, folder: Path, device: str) -> None:
        from transformers import Swin2SRForImageSuperResolution

        with loading(device):
            network = Swin2SRForImageSuperResolution.from_pretrained(folder, dtype=torch.float32)
        self.network, self.device = network.to(device).eval(), device
        self.factor = network.config.upscale

    @torch.no_grad()
    def enlarge(self, picture: Image.Image) -> Image.Image:
        """The picture at `factor` times its size: large ones in tiles that overlap."""
        large = Image.new("RGB", (picture.width * self.factor, picture.height * self.factor))
        for left, right, from_x in _tiles(picture.width):
            for top, bottom, from_y in _tiles(picture.height):
                tile = self._enlarge_tile(picture.crop((left, top, right, bottom)))
                inner = ((from_x - left) * self.factor, (from_y - top) * self.factor, *tile.size)
                large.paste(tile.crop(inner), (from_x * self.factor, from_y * self.factor))
        return large

    def _enlarge_tile(self, tile: Image.Image) -> Image.Image:
        pixels_CHW = torch.from_numpy(np.array(tile)).to(self.device).permute(2, 0, 1).float() / 255
        # The network takes whole windows only; what is added for that is cut off again.
        window = self.network.config.window_size
        padding = (0, -tile.width % window, 0, -tile.height % window)
        padded_BCHW = torch.nn.functional.pad(pixels_CHW[None], padding, mode="reflect")
        enlarged_CHW = self.network(padded_BCHW).reconstruction[0]
        return Image.fromarray(_to_bytes(enlarged_CHW[:, : tile.height * self.factor, : tile.width * self.factor]))


def _to_bytes(pixels_CHW: torch.Tensor) -> np.ndarray:
    return (pixels_CHW.clamp(0, 1) * 255).round().byte().permute(1, 2, 0).cpu().numpy()


def _tiles(length: int) -> Iterator[tuple[int, int, int]]:
    """Start and end of each tile along a side, and the pixel from which it is used."""
    start = 0
    while True:
        end = min(start + TILE_PIXELS, length)
        yield start, end, start + (OVERLAP_PIXELS // 2 if start else 0)
        if end == length:
            return
        start = end - OVERLAP_PIXELS
