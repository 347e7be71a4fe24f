"""The pair of CLIP encoders inside the CLIPSeg that lies beside a base: pictures and texts as directions in one space.

Knows nothing about training. P = pictures, T = texts, D = the space's dimensions.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image
from prepare.loading import loading

TEXTS_AT_A_TIME = 256


class Eye:
    """CLIP (Radford et al., 2021) in float32 on one device."""

    def __init__(self, folder: Path, device: str | torch.device) -> None:
        from transformers import CLIPSegModel, CLIPSegProcessor

        with loading(str(device)):
            self.processor = CLIPSegProcessor.from_pretrained(folder)
            network = CLIPSegModel.from_pretrained(folder, dtype=torch.float32)
        self.network, self.device = network.to(device).eval(), device
        side = network.config.vision_config.image_size
        self.size = (side, side)
        looks = self.processor.image_processor
        self.mean, self.deviation = np.array(looks.image_mean), np.array(looks.image_std)

    @torch.no_grad()
    def see(self, pictures: list[Image.Image], weights: list[Image.Image | None] | None = None) -> torch.Tensor:
        """Unit vectors [P, D], in main memory. What a picture's weight (L) leaves out is the grey that means nothing to CLIP."""
        seen = [
            self._pixels(picture, weight)
            for picture, weight in zip(pictures, weights or [None] * len(pictures), strict=True)
        ]
        pixels_PCHW = torch.from_numpy(np.stack(seen)).permute(0, 3, 1, 2).float().to(self.device)
        return _unit(self.network.get_image_features(pixel_values=pixels_PCHW))

    @torch.no_grad()
    def see_style(self, pictures: list[Image.Image], weights: list[Image.Image | None] | None = None) -> torch.Tensor:
        """How pictures are drawn rather than what they show [P, 2 × width]: mean and deviation of the first layer over all
        places (Huang and Belongie, 2017)."""
        given = zip(pictures, weights or [None] * len(pictures), strict=True)
        pixels_PCHW = torch.from_numpy(np.stack([self._pixels(*pair) for pair in given])).permute(0, 3, 1, 2).float()
        seen = self.network.vision_model(pixel_values=pixels_PCHW.to(self.device), output_hidden_states=True)
        places_PTC = seen.hidden_states[1][:, 1:]
        return torch.cat([places_PTC.mean(dim=1), places_PTC.std(dim=1)], dim=-1).cpu()

    @torch.no_grad()
    def read(self, texts: list[str]) -> torch.Tensor:
        """Unit vectors [T, D], in main memory."""
        parts = []
        for start in range(0, len(texts), TEXTS_AT_A_TIME):
            some = texts[start : start + TEXTS_AT_A_TIME]
            ids = self.processor(text=some, padding="max_length", truncation=True, return_tensors="pt").to(self.device)
            parts.append(_unit(self.network.get_text_features(input_ids=ids.input_ids)))
        return torch.cat(parts)

    def _pixels(self, picture: Image.Image, weight: Image.Image | None) -> np.ndarray:
        shares = np.asarray(picture.convert("RGB").resize(self.size, Image.Resampling.BICUBIC)) / 255
        normal = (shares - self.mean) / self.deviation
        if weight is None:
            return normal
        return normal * (np.asarray(weight.resize(self.size, Image.Resampling.BILINEAR)) / 255)[..., None]


def _unit(output) -> torch.Tensor:
    features = getattr(output, "pooler_output", output)
    return (features / features.norm(dim=-1, keepdim=True)).cpu()
