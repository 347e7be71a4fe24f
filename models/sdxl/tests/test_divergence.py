"""A loss that runs away is warned of, once and with numbers; the noise of ordinary losses is not."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Iterable
from pathlib import Path

import pytest
from conftest import Functions
from divergence import IMAGES_TO_SETTLE, Trend, warn_of

# Of trainings on the demo's zip with the embedded base's defaults, by technique and batch size.
LOSSES: dict[str, list[float]] = json.loads((Path(__file__).parent / "data" / "losses.json").read_text())


def follow(losses: Iterable[float], images_per_step: int = 4) -> Trend:
    trend = Trend(images_per_step)
    for loss in losses:
        trend = trend.after(loss)
    return trend


@pytest.mark.parametrize("name", LOSSES)
def test_ordinary_losses_are_not_warned_of_in_whatever_order_they_come(name: str):
    losses, images_per_step = LOSSES[name], int(name.split()[1])
    assert follow(losses, images_per_step).ran_away_at is None
    orders = [random.Random(seed).sample(losses, len(losses)) for seed in range(100)]
    assert [one for one in orders if follow(one, images_per_step).ran_away_at] == []


@pytest.mark.parametrize(("times", "warned"), [(1.0, False), (2.0, False), (6.0, True)])
def test_losses_that_rise_and_stay_are_warned_of_once_they_have_for_a_hundred_steps(times: float, warned: bool):
    before = LOSSES["pivotal 4"]
    trend = follow(before + [times * loss for loss in before])
    assert (trend.ran_away_at is not None) == warned
    if warned:
        assert len(before) + 100 < trend.ran_away_at < len(before) + 160


def test_it_is_the_first_time_that_is_told_however_often_it_happens():
    calm, wild = [0.1] * 60, [1.0] * 200
    ends = list(itertools.accumulate(calm + wild + calm * 3 + wild, Trend.after, initial=Trend(4)))
    assert len({trend.ran_away_at for trend in ends}) == 2


def test_a_peak_that_passes_is_no_divergence():
    assert follow([0.1] * 60 + [1.0] * 40 + [0.1] * 300).ran_away_at is None


def test_nothing_is_compared_before_enough_images_were_seen():
    assert follow([0.001] * (IMAGES_TO_SETTLE - 1) + [0.1] * 300, images_per_step=1).least > 0.005


def test_what_explodes_from_the_first_step_on_is_compared_with_a_network_that_answers_nothing():
    trend = follow([50.0] * 130)
    assert trend.ran_away_at is not None
    assert "is 50 after step 130, and has been over 3 times what a network has that answers nothing, 1, for" in warn_of(
        trend, {}
    )
    assert follow([1.1] * 300).ran_away_at is None


def test_the_warning_has_both_numbers_their_steps_the_rates_and_what_to_change():
    said = warn_of(follow([0.1] * 60 + [1.0] * 130), {"lora": 0.1, "words": 0.003})
    assert said == (
        "The loss runs away: its running mean is 0.935 after step 190, and has been over 3 times its least, 0.1 after step 6, for 100 "
        "steps. Learning rates: lora 0.1, words 0.003. Cancel the training, or end it with stop-and-keep, and train again with a "
        "tenth of them."
    )


def test_a_training_at_an_absurd_rate_warns_once_and_goes_on(functions: Functions):
    told = {"technique": "lora", "lora_rank": 1, "lora_lr": 0.1, "train_batch_size": 1}
    log = functions.train(**told, max_train_steps=160, lr_warmup_steps=60).log
    [warning] = [line for line in log.splitlines() if line.startswith("Warning: ")]
    assert warning.startswith("Warning: The loss runs away: its running mean is ")
    assert "Learning rates: lora 0.1." in warning
    assert "| 160/160 [" in log
