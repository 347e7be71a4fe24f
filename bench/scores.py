"""Measures pictures by the small CLIP pair that lies beside the embedded base: likeness, naming, copies.

Knows nothing about how the pictures were made.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image

SIDE = 128


def open_picture(path: Path) -> Image.Image:
    """A picture as the model could draw it: over white, 128 px square."""
    clear = Image.open(path).convert("RGBA")
    ground = Image.new("RGBA", clear.size, (255, 255, 255))
    return Image.alpha_composite(ground, clear).convert("RGB").resize((SIDE, SIDE), Image.Resampling.LANCZOS)


class Scorer:
    """A CLIP pair with the names it can tell apart."""

    def __init__(self, folder: Path, names: list[str]) -> None:
        from transformers import CLIPSegModel, CLIPTokenizer
        from transformers.utils import logging

        logging.set_verbosity_error()  # else: a line for each weight of CLIPSeg's decoder, which is not needed here
        logging.disable_progress_bar()

        self.names = names
        self.tokenizer = CLIPTokenizer.from_pretrained(folder)
        self.clip = CLIPSegModel.from_pretrained(folder, dtype=torch.float32).eval()
        self.name_features = self._features_of_texts([f"an emoji of {name}" for name in names])

    def likeness(self, pictures: list[Image.Image], truths: list[Image.Image]) -> np.ndarray:
        """Cosine of the CLIP features of each picture and its truth."""
        return (self._features_of_pictures(pictures) * self._features_of_pictures(truths)).sum(-1).numpy()

    def named(self, pictures: list[Image.Image], names: list[str], top: int = 5) -> np.ndarray:
        """Whether each picture's own name is among its `top` nearest names."""
        nearest = (self._features_of_pictures(pictures) @ self.name_features.t()).topk(top).indices
        own = torch.tensor([self.names.index(name) for name in names])
        return (nearest == own[:, None]).any(-1).numpy()

    @torch.no_grad()
    def _features_of_pictures(self, pictures: list[Image.Image]) -> torch.Tensor:
        mean = torch.tensor([0.48145466, 0.4578275, 0.40821073]).view(3, 1, 1)
        deviation = torch.tensor([0.26862954, 0.26130258, 0.27577711]).view(3, 1, 1)
        pixels = torch.stack([torch.from_numpy(np.array(picture)).permute(2, 0, 1) / 255 for picture in pictures])
        return _unit(self.clip.get_image_features(pixel_values=(pixels - mean) / deviation))

    @torch.no_grad()
    def _features_of_texts(self, texts: list[str]) -> torch.Tensor:
        features = []
        for start in range(0, len(texts), 256):
            ids = self.tokenizer(texts[start : start + 256], padding="max_length", max_length=77, return_tensors="pt")
            features.append(_unit(self.clip.get_text_features(input_ids=ids.input_ids)))
        return torch.cat(features)


def distance_to_nearest(picture: Image.Image, others: list[Image.Image]) -> float:
    """Root mean square difference of pixels to the nearest of the others, in 0 to 255."""
    return min(float(np.sqrt(np.mean((_pixels(picture) - _pixels(other)) ** 2))) for other in others)


def _pixels(picture: Image.Image) -> np.ndarray:
    return np.asarray(picture, dtype=np.float32)


def _unit(output) -> torch.Tensor:
    features = getattr(output, "pooler_output", output)
    return features / features.norm(dim=-1, keepdim=True)
