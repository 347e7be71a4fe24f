"""CLIPSeg: where in a picture is what a prompt names? Knows nothing about crops, floors or files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image

from prepare.loading import loading


class Segmenter:
    """CLIPSeg (Lüddecke and Ecker, 2022) in float32 on one device."""

    def __init__(self, folder: Path, device: str) -> None:
        from transformers import CLIPSegForImageSegmentation, CLIPSegProcessor

        with loading(device):
            self.processor = CLIPSegProcessor.from_pretrained(folder)
            network = CLIPSegForImageSegmentation.from_pretrained(folder, dtype=torch.float32)
        self.network, self.device = network.to(device).eval(), device

    @torch.no_grad()
    def find(self, picture: Image.Image, prompt: str, temperature: float) -> Image.Image:
        """A mask (L) of the network's own size over the whole picture: sigmoid(logit / temperature), white is 1."""
        given = self.processor(text=[prompt], images=[picture], padding=True, truncation=True, return_tensors="pt")
        logits_HW = self.network(**given.to(self.device)).logits.squeeze()
        shares_HW = torch.sigmoid(logits_HW / temperature).cpu().numpy()
        return Image.fromarray(np.round(shares_HW * 255).astype(np.uint8))
