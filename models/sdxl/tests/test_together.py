"""Predictions drawn as one batch: the same pictures as each alone, and the same refusals."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import pytest
import threads
import torch
from conftest import Called, Functions
from PIL import Image

from runner import Failure

ALIKE = {"num_inference_steps": 4, "width": 64, "height": 64}
CALLS = [
    {"prompt": "a TOK emoji of a fox", "seed": 1, "num_outputs": 2},
    {"prompt": "an emoji of a robot", "seed": 1, "negative_prompt": "blue"},
    {"prompt": "a TOK emoji of a fox", "seed": 9, "num_outputs": 3},
]


@pytest.fixture(scope="module")
def predictor(functions: Functions, trained: Called):
    return functions.predictor(trained.result)


def inputs(functions: Functions, **given) -> dict:
    return {field.name: field.default for field in functions.model.predict_fields} | ALIKE | given


def pictures(paths: list[Path]) -> list[np.ndarray]:
    return [np.asarray(Image.open(path), dtype=int) for path in paths]


def difference(one: np.ndarray, other: np.ndarray) -> int:
    return int(np.abs(one - other).max())


def test_together_they_are_the_pictures_that_each_draws_alone(functions: Functions, predictor):
    calls = [inputs(functions, **call) for call in CALLS]
    assert len({predictor.batch_key(**call) for call in calls}) == 1
    together = [pictures(paths) for paths in predictor.predict_together(calls)]
    alone = [pictures(predictor.predict(**call)) for call in calls]
    assert [len(drawn) for drawn in together] == [2, 1, 3]
    for ours, theirs in zip(together, alone, strict=True):
        assert max(map(difference, ours, theirs)) <= 2
    # All six are different pictures: one that came to the wrong call would show.
    flat = [picture for drawn in together for picture in drawn]
    assert all(difference(one, other) > 20 for place, one in enumerate(flat) for other in flat[:place])


@pytest.mark.parametrize(
    ("idle", "seconds", "counts"),
    [
        ([1, 1, 1, 1, 1, 1], [3, 2, 2, 2, 2, 2], [1, 2, 2, 2, 2, 2]),
        ([0, 0, 0, 0, 0, 0], [3, 3, 3, 3, 3, 3], [1, 1, 1, 1, 1, 1]),
        # Idle later on, then so busy that the threads wait for each other, then idle again.
        ([0, 1, 1, 0, 1, 1], [3, 3, 2, 9, 3, 3], [1, 1, 2, 2, 1, 1]),
    ],
)
def test_a_batch_has_a_thread_for_each_core_while_those_are_idle_and_it_helps(
    functions: Functions, predictor, monkeypatch, tmp_path: Path, idle: list[int], seconds: list[int], counts: list[int]
):
    calls = [inputs(functions, seed=seed, num_inference_steps=6) for seed in (1, 2)]
    alone = [pictures(predictor.predict(**call))[0] for call in calls]
    base, clock, seen = predictor.shelf.base, {"now": 0, "idle": 0}, []
    before, predict = torch.get_num_threads(), base.predict
    stat = tmp_path / "stat"
    stat.write_text("cpu 0 0 0 0 0 0")

    def predict_timed(*given):
        place = len(seen)
        seen.append(torch.get_num_threads())
        clock["now"] += seconds[place]
        clock["idle"] += idle[place] * seconds[place] * os.sysconf("SC_CLK_TCK")
        stat.write_text(f"cpu 0 0 0 {clock['idle']} 0 0")
        return predict(*given)

    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: {0, 1}, raising=False)
    monkeypatch.setattr(threads, "STAT", stat)
    monkeypatch.setattr(time, "perf_counter", lambda: clock["now"])
    monkeypatch.setattr(base, "predict", predict_timed)
    together = [pictures(paths)[0] for paths in predictor.predict_together(calls)]
    assert seen == counts
    assert torch.get_num_threads() == before
    assert max(map(difference, together, alone)) <= 2


def test_with_a_refiner_too(functions: Functions, predictor):
    calls = [inputs(functions, seed=seed, refine="base_image_refiner", scheduler="TCD") for seed in (1, 2)]
    together = [pictures(paths)[0] for paths in predictor.predict_together(calls)]
    alone = [pictures(predictor.predict(**call))[0] for call in calls]
    assert max(map(difference, together, alone)) <= 2


@pytest.mark.parametrize(
    "changed",
    [
        {"width": 32},
        {"num_inference_steps": 5},
        {"guidance_scale": 1.0},
        {"scheduler": "DDIM"},
        {"lora_scale": 0.5},
        {"refine": "expert_ensemble_refiner"},
        {"prompt": "a fox " * 60},
    ],
)
def test_what_a_batch_shares_keeps_others_out(functions: Functions, predictor, changed: dict):
    assert predictor.batch_key(**inputs(functions)) != predictor.batch_key(**inputs(functions, **changed))


@pytest.mark.parametrize("given", [{"image": Path("a.png")}, {"replicate_weights": "a.tar"}, {"loras": ["one"]}])
def test_with_files_of_its_own_it_is_drawn_alone(functions: Functions, predictor, given: dict):
    assert predictor.batch_key(**inputs(functions, **given)) is None


def test_each_is_refused_by_itself(functions: Functions, predictor):
    answers = predictor.predict_together([inputs(functions, width=100), inputs(functions, width=100, seed=2)])
    assert [type(answer) for answer in answers] == [Failure, Failure]
    assert answers[0].message.startswith("width: 100")
