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


class Network(Protocol):
    """What the loop asks of a base with its adapter. `dropped` [batch] is true where a caption is left out."""

    def condition(self, rows: torch.Tensor, dropped: torch.Tensor | None): ...
    def predict(self, noisy: torch.Tensor, t: torch.Tensor, conditioning) -> torch.Tensor: ...
    def freeze(self, group: str) -> None: ...


@dataclass(frozen=True)
class Plan:
    """The numbers of a training. `schedule` is `constant`, `linear` or `cosine`, each after a linear warm-up.

    `noise_offset` is how much a whole channel's noise is shifted; `caption_dropout` the share of captions left out;
    `accumulation` the number of batches whose gradients make one step; `prior_weight` what a class image counts.
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

    def _shuffle(self, count: int, seed: int) -> torch.Tensor:
        """Shuffled epochs, end to end, so that no batch is short."""
        generator = torch.Generator().manual_seed(seed)
        needed = self.steps * self.accumulation * self.batch_size
        epochs = [torch.randperm(count, generator=generator) for _ in range(-(-needed // count))]
        return torch.cat(epochs)[:needed].view(self.steps, self.accumulation, self.batch_size)


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
    batches = plan.batches(images).to(device)
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


def take_step(
    plan: Plan,
    images: Images,
    rows: torch.Tensor,
    network: Network,
    objective: Objective,
    course: Course,
) -> torch.Tensor:
    """Forward and backward of each batch in `rows` [accumulation, batch], and one update. Returns the loss, on the device."""
    total = torch.zeros((), device=images.mean.device)
    for batch in rows:
        loss = batch_loss(plan, images, batch, network, objective, course.generator) / len(rows)
        loss.backward()
        total += loss.detach()
    course.optimizer.step()
    course.hold_norms()
    course.optimizer.zero_grad(set_to_none=True)
    return total


def batch_loss(
    plan: Plan,
    images: Images,
    rows: torch.Tensor,
    network: Network,
    objective: Objective,
    generator: torch.Generator,
) -> torch.Tensor:
    """The loss on a batch's rows of the dataset [batch], with noise and timesteps of the generator's."""
    mean = images.mean[rows]
    draw = {"device": mean.device, "generator": generator}
    latents = mean + images.deviation[rows] * torch.randn(mean.shape, **draw)
    noise = torch.randn(mean.shape, **draw)
    t = torch.randint(objective.timesteps, (len(rows),), **draw)
    if plan.noise_offset:
        noise = noise + plan.noise_offset * torch.randn(*mean.shape[:2], 1, 1, **draw)
    dropped = torch.rand(len(rows), **draw) < plan.caption_dropout if plan.caption_dropout else None
    predicted = network.predict(objective.add_noise(latents, noise, t), t, network.condition(rows, dropped))
    weights = objective.weights(t) * plan.weights(images, rows)
    return masked_loss(predicted, objective.target(latents, noise, t), images.masks[rows], weights)


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
            files = ", ".join(dict.fromkeys(names[row] for row in batches[bad_step - 1].flatten().tolist()))
            raise runner.Failure(
                "non_finite_loss",
                f"The loss of step {bad_step} is {loss}. Its batch: {files}. Lower lora_lr or ti_lr, or leave out "
                "these images if other batches train well.",
            )
    course.losses += fresh
    course.steps = step
