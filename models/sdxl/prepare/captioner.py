"""BLIP: what is in a picture, in a few words. Knows nothing about token strings or prefixes."""

from __future__ import annotations

from pathlib import Path

import torch
from PIL import Image

from prepare.loading import loading

TOKENS_MAX = 40


class Captioner:
    """BLIP (Li et al., 2022) in float32 on one device, always taking the likeliest word: equal pictures, equal captions."""

    def __init__(self, folder: Path, device: str) -> None:
        from transformers import BlipForConditionalGeneration, BlipProcessor

        with loading(device):
            self.processor = BlipProcessor.from_pretrained(folder)
            network = BlipForConditionalGeneration.from_pretrained(folder, dtype=torch.float32)
        self.network, self.device = network.to(device).eval(), device

    @torch.no_grad()
    def describe(self, pictures: list[Image.Image]) -> list[str]:
        """A caption for each picture, in order; all in one batch."""
        pixels = self.processor(images=pictures, return_tensors="pt").pixel_values
        tokens = self.network.generate(
            pixel_values=pixels.to(self.device), max_new_tokens=TOKENS_MAX, num_beams=1, do_sample=False
        )
        return [text.strip() for text in self.processor.batch_decode(tokens, skip_special_tokens=True)]
