"""The numbers of a training, and what of the dataset lies on the device. Knows nothing about networks or steps taken."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Images:
    """The dataset on the device: latents as mean and deviation [N, C, H, W], masks [N, 1, H, W], and file names.

    The last `class_count` of them are class images (prior preservation, Ruiz et al., 2022): beside each of a batch's own
    images stands one of these.
    """

    mean: torch.Tensor
    deviation: torch.Tensor
    masks: torch.Tensor
    names: list[str]
    class_count: int = 0

    @property
    def own_count(self) -> int:
        return len(self.names) - self.class_count


@dataclass(frozen=True)
class Plan:
    """The numbers of a training. `schedule` is `constant`, `linear` or `cosine`, each after a linear warm-up.

    `noise_offset` is how much a whole channel's noise is shifted; `caption_dropout` the share of captions left out;
    `accumulation` the number of batches whose gradients make one step; `prior_weight` what a class image counts;
    `images_at_once` how many images the device has memory for, where that is less than a batch.
    """

    steps: int
    batch_size: int
    seed: int
    schedule: str
    warmup_steps: int
    noise_offset: float
    caption_dropout: float
    accumulation: int = 1
    prior_weight: float = 1.0
    images_at_once: int | None = None

    def rate_at(self, step: int) -> float:
        """Share of the learning rate at a step, counted from 1."""
        warm = min(1.0, step / max(1, self.warmup_steps))
        if self.schedule == "constant":
            return warm
        left = min(1.0, (self.steps - step + 1) / max(1, self.steps - self.warmup_steps))
        return warm * (left if self.schedule == "linear" else (1 - math.cos(math.pi * left)) / 2)

    def batches(self, images: Images) -> torch.Tensor:
        """Rows of the dataset for each step [steps, accumulation, batch]. A batch has as many class images as own ones."""
        own = self._shuffle(images.own_count, self.seed)
        if not images.class_count:
            return own
        return torch.cat([own, images.own_count + self._shuffle(images.class_count, self.seed + 1)], dim=-1)

    def weights(self, images: Images, rows: torch.Tensor) -> torch.Tensor | float:
        """What each of a batch's images counts, so that their mean is the own images' loss + `prior_weight` × the class's."""
        if not images.class_count:
            return 1.0
        return torch.where(rows < images.own_count, 2.0, 2 * self.prior_weight)

    def parts(self, rows: int) -> list[slice]:
        """A batch of so many rows in parts that the device has memory for."""
        most = self.images_at_once or rows
        return [slice(start, start + most) for start in range(0, rows, most)]

    def _shuffle(self, count: int, seed: int) -> torch.Tensor:
        """Shuffled epochs, end to end, so that no batch is short."""
        generator = torch.Generator().manual_seed(seed)
        needed = self.steps * self.accumulation * self.batch_size
        epochs = [torch.randperm(count, generator=generator) for _ in range(-(-needed // count))]
        return torch.cat(epochs)[:needed].view(self.steps, self.accumulation, self.batch_size)
