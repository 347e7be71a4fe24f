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
        from eye import Eye

        self.names, self.eye = names, Eye(folder, "cpu")
        self.name_features = self.eye.read([f"an emoji of {name}" for name in names])

    def likeness(self, pictures: list[Image.Image], truths: list[Image.Image]) -> np.ndarray:
        """Cosine of the CLIP features of each picture and its truth."""
        return (self.eye.see(pictures) * self.eye.see(truths)).sum(-1).numpy()

    def named(self, pictures: list[Image.Image], names: list[str], top: int = 5) -> np.ndarray:
        """Whether each picture's own name is among its `top` nearest names."""
        nearest = (self.eye.see(pictures) @ self.name_features.t()).topk(top).indices
        own = torch.tensor([self.names.index(name) for name in names])
        return (nearest == own[:, None]).any(-1).numpy()


def distance_to_nearest(picture: Image.Image, others: list[Image.Image]) -> float:
    """Root mean square difference of pixels to the nearest of the others, in 0 to 255."""
    return min(float(np.sqrt(np.mean((_pixels(picture) - _pixels(other)) ** 2))) for other in others)


def _pixels(picture: Image.Image) -> np.ndarray:
    return np.asarray(picture, dtype=np.float32)
