"""Numbers that are none never end as a result: the step is named, its images, and what to do; what was kept before stays."""

from __future__ import annotations

import math
from pathlib import Path

import loop
import pytest
import torch
from base import current
from conftest import Functions
from course import Course
from readings import Readings
from test_snapshots import Watcher, watch
from weights import read_weights

from runner import Failure


class Late(Readings):
    """Reads one step late, as on a GPU."""

    def __init__(self, steps: int, device: torch.device) -> None:
        super().__init__(steps, device)
        self.late = 1


def spoil_from(step: int, monkeypatch, spoil) -> list[int]:
    """Calls `spoil(course)` before each step from `step` on. Returns the steps that were begun."""
    begun = []
    set_rates = Course.set_rates

    def set_and_spoil(course: Course, share: float) -> None:
        begun.append(len(begun) + 1)
        set_rates(course, share)
        if len(begun) >= step:
            spoil(course)

    monkeypatch.setattr(Course, "set_rates", set_and_spoil)
    return begun


def first_parameter(course: Course) -> torch.Tensor:
    return course.groups[0].parameters[0].detach()


@pytest.mark.parametrize(("readings", "begun_by_then"), [(Readings, 3), (Late, 4)], ids=["at once", "one step late"])
def test_a_loss_that_is_none_names_step_and_images(
    functions: Functions, monkeypatch, tmp_path: Path, readings: type, begun_by_then: int
):
    monkeypatch.setattr(loop, "Readings", readings)
    begun = spoil_from(3, monkeypatch, lambda course: first_parameter(course).fill_(math.nan))
    watcher = Watcher(tmp_path)
    with pytest.raises(Failure) as failure:
        watch(functions, watcher, max_train_steps=20, train_batch_size=2)
    assert failure.value.code == "non_finite_loss"
    said = failure.value.message
    assert said.startswith("The loss of step 3 is nan. Its batch: ")
    assert said.count(".png") == 2
    assert "Learning rates: lora 0.00045, words 0.0009. Computed in float32." in said
    assert len(begun) == begun_by_then
    assert read_weights(watcher.snapshots[2]).card["steps"] == 2
    assert list(watcher.snapshots) == [2]


def test_a_gradient_that_is_none_is_seen_where_the_loss_is_fine(functions: Functions, monkeypatch):
    def overflow(course: Course) -> None:
        one = course.groups[0].parameters[0]
        one.register_hook(lambda gradient: gradient * math.inf)

    spoil_from(2, monkeypatch, overflow)
    with pytest.raises(Failure, match=r"^The gradient of step 2 has norm (inf|nan)\. Its batch: "):
        functions.train()


def test_weights_that_a_step_made_infinite_are_not_kept(functions: Functions, monkeypatch, tmp_path: Path):
    """The loss of the last step is fine, and so is its gradient: what is broken is what comes out."""
    spoil_from(4, monkeypatch, lambda course: course.average.mean[0].fill_(math.inf))
    watcher = Watcher(tmp_path)
    with pytest.raises(
        Failure, match="After step 4 .* weights of lora .* The snapshot of step 3 can be had"
    ) as failure:
        watch(functions, watcher)
    assert failure.value.code == "non_finite_weights"
    assert list(watcher.snapshots) == [1, 2, 3]


def test_an_image_that_the_vae_cannot_take_is_named(functions: Functions, monkeypatch):
    encode = type(current()).encode_images

    def broken(base, pixels: torch.Tensor):
        mean, deviation = encode(base, pixels)
        return mean / 0, deviation

    monkeypatch.setattr(type(current()), "encode_images", broken)
    with pytest.raises(Failure, match="^alarm-clock.png comes out of the base's VAE"):
        functions.train()
