"""What one step weighs, and by which plan: on a network that remembers what it was shown and moves one number."""

from __future__ import annotations

import pytest
import torch
from course import Course, Group
from objective import Objective
from plan import Images, Plan
from step import Step


class Watcher:
    """A network that remembers what it was shown, and moves one number."""

    def __init__(self) -> None:
        self.bias = torch.nn.Parameter(torch.zeros(1))

    def condition(self, rows: torch.Tensor, dropped: torch.Tensor | None):
        self.dropped = dropped

    def predict(self, noisy: torch.Tensor, t: torch.Tensor, conditioning) -> torch.Tensor:
        self.noisy = noisy
        return noisy + self.bias

    def freeze(self, group: str) -> None: ...


def take_step(plan: Plan, images: Images, rows: torch.Tensor, network: Watcher, objective: Objective, course: Course):
    step = Step(plan, images, network, objective, course, tuple(rows.shape))
    step.draws.fill(rows, objective.timesteps, course.generator)
    step()
    return step.readings[0]


def shown(**given) -> Watcher:
    """One step on pictures of nothing, at a timestep that is all noise."""
    watcher = Watcher()
    plan = Plan(**{"steps": 1, "batch_size": 64, "seed": 0, "schedule": "constant", "warmup_steps": 0} | given)
    nothing = torch.zeros(64, 8, 16, 16)
    images = Images(nothing, nothing, torch.ones(64, 1, 16, 16), ["nothing"] * 64)
    course = Course([Group("bias", [watcher.bias], 0.1, 0.0, 1)], 1, 0, torch.device("cpu"))
    take_step(plan, images, torch.arange(64)[None], watcher, Objective("epsilon", torch.full((10,), 1e-6)), course)
    return watcher


def gradient_of(values: torch.Tensor, rows: torch.Tensor, **given) -> tuple[float, float]:
    """Gradient and loss of a step on pictures of one value each, at a timestep without noise: a network that adds a number
    gets twice its batches' mean value, and a loss of the mean of 1 + value²."""
    watcher, seen = Watcher(), []
    settings = {"seed": 0, "schedule": "constant", "warmup_steps": 0, "noise_offset": 0, "caption_dropout": 0}
    plan = Plan(steps=1, batch_size=rows.shape[1], accumulation=len(rows), **settings | given.pop("plan", {}))
    mean = values[:, None, None, None].expand(-1, 8, 16, 16)
    images = Images(mean, torch.zeros_like(mean), torch.ones(len(values), 1, 16, 16), ["one"] * len(values), **given)
    course = Course([Group("bias", [watcher.bias], 0.1, 0.0, 1)], 1, 0, torch.device("cpu"))
    course.optimizer.register_step_pre_hook(lambda *_: seen.append(watcher.bias.grad.item()))
    objective = Objective("epsilon", torch.full((10,), 1 - 1e-7), snr_gamma=0)
    loss = take_step(plan, images, rows, watcher, objective, course).item()
    return seen[0], loss


def test_accumulated_batches_weigh_alike():
    values = torch.arange(16.0)
    for rows in (torch.arange(16).view(1, 16), torch.arange(16).view(4, 4)):
        gradient, loss = gradient_of(values, rows)
        assert gradient == pytest.approx(2 * 7.5, rel=0.02)
        assert loss == pytest.approx(1 + values.square().mean().item(), rel=0.02)


def test_class_images_count_by_their_weight():
    values = torch.tensor([0.0, 0.0, 3.0, 3.0])
    _, loss = gradient_of(values, torch.tensor([[0, 1, 2, 3]]), class_count=2, plan={"prior_weight": 0.5})
    assert loss == pytest.approx(1 + 0.5 * 10, rel=0.05)


def test_every_batch_has_as_many_class_images_as_own_ones():
    plan = Plan(steps=10, batch_size=2, seed=0, schedule="constant", warmup_steps=0, noise_offset=0, caption_dropout=0)
    images = Images(*[torch.zeros(8, 1, 1, 1)] * 3, ["one"] * 8, class_count=3)
    rows = plan.batches(images)
    assert rows.shape == (10, 1, 4)
    assert set(rows[..., :2].flatten().tolist()) == set(range(5))
    assert set(rows[..., 2:].flatten().tolist()) == {5, 6, 7}


def test_noise_offset_shifts_whole_channels():
    without = shown(noise_offset=0.0, caption_dropout=0.0).noisy.mean(dim=(2, 3))
    with_offset = shown(noise_offset=0.5, caption_dropout=0.0).noisy.mean(dim=(2, 3))
    assert without.std().item() == pytest.approx(1 / 16, rel=0.2)
    assert with_offset.std().item() == pytest.approx(0.5, rel=0.2)


def test_the_share_of_captions_left_out():
    assert shown(noise_offset=0.0, caption_dropout=0.0).dropped is None
    assert 0.3 < shown(noise_offset=0.0, caption_dropout=0.5).dropped.float().mean() < 0.7


def test_schedules():
    def rates(schedule: str) -> list[float]:
        plan = Plan(12, 1, 0, schedule, warmup_steps=2, noise_offset=0, caption_dropout=0)
        return [round(plan.rate_at(step), 3) for step in (1, 2, 7, 12)]

    assert rates("constant") == [0.5, 1, 1, 1]
    assert rates("linear") == [0.5, 1, 0.6, 0.1]
    assert rates("cosine") == [0.5, 1, 0.655, 0.024]
