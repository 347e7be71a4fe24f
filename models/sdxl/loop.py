"""The training loop: one for every technique and every base. Imports neither diffusers nor transformers.

Everything a step reads lies on the device before the first step; the host is asked for nothing in between.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from course import Course
from objective import Objective, masked_loss

import runner

# How many steps' losses stay on a GPU before they are read: reading one makes the host wait for the device.
STEPS_PER_READING_ON_GPU = 25


@dataclass(frozen=True)
class Images:
    """The dataset on the device: latents as mean and deviation [N, C, H, W], masks [N, 1, H, W], and file names."""

    mean: torch.Tensor
    deviation: torch.Tensor
    masks: torch.Tensor
    names: list[str]


class Network(Protocol):
    """What the loop asks of a base with its adapter. `dropped` [batch] is true where a caption is left out."""

    def condition(self, rows: torch.Tensor, dropped: torch.Tensor | None): ...
    def predict(self, noisy: torch.Tensor, t: torch.Tensor, conditioning) -> torch.Tensor: ...
    def freeze(self, group: str) -> None: ...


@dataclass(frozen=True)
class Plan:
    """The numbers of a training. `schedule` is `constant`, `linear` or `cosine`, each after a linear warm-up.

    `noise_offset` is how much a whole channel's noise is shifted; `caption_dropout` the share of captions left out.
    """

    steps: int
    batch_size: int
    seed: int
    schedule: str
    warmup_steps: int
    noise_offset: float
    caption_dropout: float

    def rate_at(self, step: int) -> float:
        """Share of the learning rate at a step, counted from 1."""
        warm = min(1.0, step / max(1, self.warmup_steps))
        if self.schedule == "constant":
            return warm
        left = min(1.0, (self.steps - step + 1) / max(1, self.steps - self.warmup_steps))
        return warm * (left if self.schedule == "linear" else (1 - math.cos(math.pi * left)) / 2)

    def batches(self, images: int) -> torch.Tensor:
        """Rows of the dataset for each step [steps, batch]: shuffled epochs, end to end, so that no batch is short."""
        generator = torch.Generator().manual_seed(self.seed)
        needed = self.steps * self.batch_size
        epochs = [torch.randperm(images, generator=generator) for _ in range(-(-needed // images))]
        return torch.cat(epochs)[:needed].view(self.steps, self.batch_size)


class Keeper(Protocol):
    """Whoever keeps what is reached on the way. `keep` sees a course whose losses have all been read."""

    def wants(self, step: int) -> bool: ...
    def keep(self, course: Course) -> None: ...


def fit(
    plan: Plan,
    images: Images,
    network: Network,
    course: Course,
    objective: Objective,
    keepers: Sequence[Keeper],
    on_reading: Callable[[Course], None],
) -> None:
    """Trains the course's groups in place from where it is until the last step, or until the runner asks to end early.

    Calls `on_reading` when losses were read. Raises `runner.Failure` on a loss that is not a number.
    """
    device = images.mean.device
    batches = plan.batches(len(images.names)).to(device)
    losses = torch.zeros(plan.steps, device=device)
    every = 1 if device.type == "cpu" else STEPS_PER_READING_ON_GPU

    def read(step: int) -> None:
        if course.steps < step:
            _read(course, step, losses, batches, images.names)
            on_reading(course)

    for step in range(course.steps + 1, plan.steps + 1):
        _freeze(course, step, network)
        for parameters in course.optimizer.param_groups:
            parameters["lr"] = parameters["peak"] * plan.rate_at(step)
        losses[step - 1] = take_step(plan, images, batches[step - 1], network, objective, course)
        course.average.update(step)
        if step % every == 0:
            read(step)
        for keeper in keepers:
            if keeper.wants(step):
                read(step)
                keeper.keep(course)
        if step == plan.steps or runner.turn(step):
            read(step)
            break
    course.finish()


def take_step(
    plan: Plan,
    images: Images,
    rows: torch.Tensor,
    network: Network,
    objective: Objective,
    course: Course,
) -> torch.Tensor:
    """One forward, backward and update. Returns the loss, still on the device."""
    mean = images.mean[rows]
    draw = {"device": mean.device, "generator": course.generator}
    latents = mean + images.deviation[rows] * torch.randn(mean.shape, **draw)
    noise = torch.randn(mean.shape, **draw)
    t = torch.randint(objective.timesteps, (len(rows),), **draw)
    if plan.noise_offset:
        noise = noise + plan.noise_offset * torch.randn(*mean.shape[:2], 1, 1, **draw)
    dropped = torch.rand(len(rows), **draw) < plan.caption_dropout if plan.caption_dropout else None
    predicted = network.predict(objective.add_noise(latents, noise, t), t, network.condition(rows, dropped))
    loss = masked_loss(predicted, objective.target(latents, noise, t), images.masks[rows], objective.weights(t))
    loss.backward()
    course.optimizer.step()
    course.hold_norms()
    course.optimizer.zero_grad(set_to_none=True)
    return loss.detach()


def _freeze(course: Course, step: int, network: Network) -> None:
    """Takes the groups whose time is over out of the optimizer; the others keep their moments."""
    moving = {parameters["name"] for parameters in course.optimizer.param_groups}
    for group in course.groups:
        if step > group.last_step and group.name in moving:
            for parameter in group.parameters:
                parameter.requires_grad_(False)
            course.optimizer.param_groups = [
                kept for kept in course.optimizer.param_groups if kept["name"] != group.name
            ]
            network.freeze(group.name)


def _read(course: Course, step: int, losses: torch.Tensor, batches: torch.Tensor, names: list[str]) -> None:
    fresh = losses[course.steps : step].tolist()
    for place, loss in enumerate(fresh):
        if not math.isfinite(loss):
            bad_step = course.steps + place + 1
            files = ", ".join(names[row] for row in batches[bad_step - 1].tolist())
            raise runner.Failure(
                "non_finite_loss",
                f"The loss of step {bad_step} is {loss}. Its batch: {files}. Lower lora_lr or ti_lr, or leave out "
                "these images if other batches train well.",
            )
    course.losses += fresh
    course.steps = step
