"""One training step: forward, backward and update. Knows nothing about what comes before and after it.

It reads all that changes from step to step from tensors that stay where they are, and asks the host for nothing, so that the
same function runs as it is and as a captured CUDA graph. Nothing random happens in it.
"""

from __future__ import annotations

from typing import Protocol

import torch
from course import Course
from objective import Objective, masked_loss
from plan import Images, Plan


class Network(Protocol):
    """What a step asks of a base with its adapter. `dropped` [batch] is true where a caption is left out."""

    dtype: torch.dtype

    def condition(self, rows: torch.Tensor, dropped: torch.Tensor | None): ...
    def predict(self, noisy: torch.Tensor, t: torch.Tensor, conditioning) -> torch.Tensor: ...
    def freeze(self, group: str) -> None: ...


class Draws:
    """What a step is told: rows of the dataset and timesteps [accumulation, batch], noise [accumulation, batch, C, H, W]."""

    def __init__(self, plan: Plan, images: Images, places: tuple[int, int]) -> None:
        device, latent = images.mean.device, images.mean.shape[1:]
        self.rows = torch.zeros(places, dtype=torch.long, device=device)
        self.t = torch.zeros_like(self.rows)
        self.latent_noise = torch.zeros(*places, *latent, device=device)
        self.noise = torch.zeros_like(self.latent_noise)
        self.offset = torch.zeros(*places, latent[0], 1, 1, device=device) if plan.noise_offset else None
        self.chance = torch.zeros(places, device=device) if plan.caption_dropout else None

    def fill(self, rows: torch.Tensor, timesteps: int, generator: torch.Generator) -> None:
        """Draws anew for `rows` [accumulation, batch]. The order decides what a seed gives."""
        self.rows.copy_(rows)
        for place in range(len(rows)):
            self.latent_noise[place].normal_(generator=generator)
            self.noise[place].normal_(generator=generator)
            self.t[place].random_(0, timesteps, generator=generator)
            if self.offset is not None:
                self.offset[place].normal_(generator=generator)
            if self.chance is not None:
                self.chance[place].uniform_(generator=generator)


class Step:
    """A step on `places` (batches, images in each). Call it after `draws.fill`, with the learning rates in the optimizer's own
    tensors. It leaves the loss, a mean over all images, and the norm of the gradient in `readings` [2]."""

    def __init__(
        self,
        plan: Plan,
        images: Images,
        network: Network,
        objective: Objective,
        course: Course,
        places: tuple[int, int],
    ) -> None:
        self.plan, self.images, self.network, self.objective, self.course = plan, images, network, objective, course
        self.draws = Draws(plan, images, places)
        self.readings = torch.zeros(2, device=images.mean.device)

    def __call__(self) -> None:
        self.readings.zero_()
        batches, rows = self.draws.rows.shape
        for place in range(batches):
            for part in self.plan.parts(rows):
                self._backward(place, part)
        moving = [parameter for group in self.course.optimizer.param_groups for parameter in group["params"]]
        self.readings[1].copy_(torch.nn.utils.get_total_norm([one.grad for one in moving if one.grad is not None]))
        self.course.optimizer.step()
        self.course.hold_norms()
        self.course.optimizer.zero_grad(set_to_none=True)

    def _backward(self, place: int, part: slice) -> None:
        """Adds the gradient of a part of a batch, whose share of the step's loss is its share of the step's images."""
        draws, images, objective = self.draws, self.images, self.objective
        rows, t = draws.rows[place, part], draws.t[place, part]
        latents = images.mean[rows] + images.deviation[rows] * draws.latent_noise[place, part]
        noise = draws.noise[place, part]
        if draws.offset is not None:
            noise = noise + self.plan.noise_offset * draws.offset[place, part]
        dropped = None if draws.chance is None else draws.chance[place, part] < self.plan.caption_dropout
        told = self.network.condition(rows, dropped)
        predicted = self.network.predict(objective.add_noise(latents, noise, t), t, told)
        weights = objective.weights(t) * self.plan.weights(images, rows)
        loss = masked_loss(predicted, objective.target(latents, noise, t), images.masks[rows], weights)
        loss = loss / (draws.rows.numel() / len(rows))
        loss.backward()
        self.readings[0].add_(loss.detach())
