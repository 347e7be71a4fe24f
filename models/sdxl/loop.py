"""The training loop: one for every technique and every base. Imports neither diffusers nor transformers.

Everything a step reads lies on the device before the first step; the host is asked for nothing in between.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import torch
from objective import Objective, masked_loss

import runner

# How many steps' losses stay on a GPU before they are read: reading one makes the host wait for the device.
STEPS_PER_READING_ON_GPU = 25


@dataclass
class Group:
    """Parameters that move together. After `last_step` they stay as they are.

    Where `averaged`, what comes out is a running mean over about the last sixth of the steps: it lies nearer to the middle of
    where the noise of single batches throws the parameters.
    """

    name: str
    parameters: list[torch.Tensor]
    learning_rate: float
    weight_decay: float
    last_step: int
    averaged: bool = False


@dataclass(frozen=True)
class Images:
    """The dataset on the device: latents as mean and deviation [N, C, H, W], masks [N, 1, H, W], and file names."""

    mean: torch.Tensor
    deviation: torch.Tensor
    masks: torch.Tensor
    names: list[str]


class Network(Protocol):
    """What the loop asks of a base with its adapter."""

    def condition(self, rows: torch.Tensor): ...
    def predict(self, noisy: torch.Tensor, t: torch.Tensor, conditioning) -> torch.Tensor: ...
    def freeze(self, group: str) -> None: ...


@dataclass(frozen=True)
class Plan:
    """The numbers of a training. `schedule` is `constant` or `linear`, both after a linear warm-up."""

    steps: int
    batch_size: int
    seed: int
    schedule: str
    warmup_steps: int

    def rate_at(self, step: int) -> float:
        """Share of the learning rate at a step, counted from 1."""
        warm = min(1.0, step / max(1, self.warmup_steps))
        if self.schedule == "constant":
            return warm
        return warm * min(1.0, (self.steps - step + 1) / max(1, self.steps - self.warmup_steps))

    def batches(self, images: int) -> torch.Tensor:
        """Rows of the dataset for each step [steps, batch]: shuffled epochs, end to end, so that no batch is short."""
        generator = torch.Generator().manual_seed(self.seed)
        needed = self.steps * self.batch_size
        epochs = [torch.randperm(images, generator=generator) for _ in range(-(-needed // images))]
        return torch.cat(epochs)[:needed].view(self.steps, self.batch_size)


@dataclass
class Course:
    """What a training went through."""

    steps: int = 0
    losses: list[float] = field(default_factory=list)


def fit(
    plan: Plan,
    images: Images,
    network: Network,
    groups: list[Group],
    objective: Objective,
    on_reading: Callable[[int, list[float]], None],
) -> Course:
    """Trains the groups in place until the last step, or until the runner asks to end early.

    Calls `on_reading(step, losses)` with the losses since the last reading. Raises `runner.Failure` on a loss that is not
    a number.
    """
    device = images.mean.device
    generator = torch.Generator(device).manual_seed(plan.seed)
    batches = plan.batches(len(images.names)).to(device)
    optimizer = make_optimizer(groups)
    losses = torch.zeros(plan.steps, device=device)
    every = 1 if device.type == "cpu" else STEPS_PER_READING_ON_GPU
    average = Average([one for group in groups if group.averaged for one in group.parameters], plan.steps)
    course = Course()
    for step in range(1, plan.steps + 1):
        _freeze(groups, step, optimizer, network)
        for parameters in optimizer.param_groups:
            parameters["lr"] = parameters["peak"] * plan.rate_at(step)
        losses[step - 1] = take_step(images, batches[step - 1], network, objective, optimizer, generator)
        average.update(step)
        ended = step == plan.steps or runner.turn(step)
        if ended or step % every == 0:
            _read(course, step, losses, batches, images.names)
            on_reading(step, course.losses)
        if ended:
            break
    average.put_in_place()
    return course


class Average:
    """A running mean of parameters (Polyak and Juditsky, 1992), with an exponential window."""

    def __init__(self, parameters: list[torch.Tensor], steps: int) -> None:
        self.parameters = [parameter.detach() for parameter in parameters]
        self.mean = [torch.zeros_like(parameter) for parameter in parameters]
        self.window = max(1.0, steps / 6)

    def update(self, step: int) -> None:
        """Counts a step; the first ones, of which there is no window yet, weigh alike."""
        if self.mean:
            torch._foreach_lerp_(self.mean, self.parameters, 1 / min(step, self.window))

    def put_in_place(self) -> None:
        for parameter, mean in zip(self.parameters, self.mean, strict=True):
            parameter.copy_(mean)


def make_optimizer(groups: list[Group]) -> torch.optim.AdamW:
    # Fused: the many small matrices of a LoRA cost more to walk through in Python than to update.
    settings = [
        {
            "params": group.parameters,
            "lr": group.learning_rate,
            "peak": group.learning_rate,
            "weight_decay": group.weight_decay,
            "name": group.name,
        }
        for group in groups
    ]
    return torch.optim.AdamW(settings, betas=(0.9, 0.999), fused=True)


def take_step(
    images: Images,
    rows: torch.Tensor,
    network: Network,
    objective: Objective,
    optimizer: torch.optim.Optimizer,
    generator: torch.Generator,
) -> torch.Tensor:
    """One forward, backward and update. Returns the loss, still on the device."""
    mean = images.mean[rows]
    draw = {"device": mean.device, "generator": generator}
    latents = mean + images.deviation[rows] * torch.randn(mean.shape, **draw)
    noise = torch.randn(mean.shape, **draw)
    t = torch.randint(objective.timesteps, (len(rows),), **draw)
    predicted = network.predict(objective.add_noise(latents, noise, t), t, network.condition(rows))
    loss = masked_loss(predicted, objective.target(latents, noise, t), images.masks[rows], objective.weights(t))
    loss.backward()
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    return loss.detach()


def _freeze(groups: list[Group], step: int, optimizer: torch.optim.Optimizer, network: Network) -> None:
    """Takes the groups whose time is over out of the optimizer; the others keep their moments."""
    for group in groups:
        if step == group.last_step + 1:
            for parameter in group.parameters:
                parameter.requires_grad_(False)
            optimizer.param_groups = [kept for kept in optimizer.param_groups if kept["name"] != group.name]
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
