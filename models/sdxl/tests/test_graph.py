"""The step as a CUDA graph, as far as a CPU can tell: only what records and replays is a stand-in, all else is the real loop.

A recorded step runs kernels, not Python. The stand-in's replay therefore fails where anything that the step reads was put
elsewhere after the recording, as a graph would read the old place.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import graph
import loop
import pytest
import torch
from conftest import Called, Functions, members
from graph import WARM_UP_STEPS, Recorded
from step import Step

from runner.report import Nobody, listen

GIVEN = {
    "max_train_steps": 12,
    "lr_scheduler": "linear",
    "lr_warmup_steps": 4,
    "caption_dropout": 0.3,
    "noise_offset": 0.1,
}


class Recorder:
    """Takes steps where a GPU would, and remembers where everything lay when it recorded."""

    def __init__(self) -> None:
        self.ran, self.replayed, self.recorded = 0, 0, 0

    def run(self, step: Step) -> None:
        self.ran += 1
        step()

    def record(self, step: Step) -> Callable[[], None]:
        self.recorded += 1
        places = addresses(step)

        def replay() -> None:
            assert addresses(step) == places
            self.replayed += 1
            step()

        return replay


def addresses(step: Step) -> list[int]:
    """Of all tensors that a recorded step reads and writes, but what it makes for itself."""
    course, draws = step.course, step.draws
    groups = course.optimizer.param_groups
    parameters = [parameter for group in groups for parameter in group["params"]]
    moments = [tensor for parameter in parameters for tensor in course.optimizer.state[parameter].values()]
    told = [draws.rows, draws.t, draws.latent_noise, draws.noise, draws.offset, draws.chance]
    images = [step.images.mean, step.images.deviation, step.images.masks]
    cached = [step.network.cached.context] if step.network.cached else []
    tensors = [*parameters, *moments, *told, *images, *cached, step.readings, *[group["lr"] for group in groups]]
    return [tensor.data_ptr() for tensor in tensors]


@pytest.fixture(scope="module")
def plain(functions: Functions) -> Called:
    return functions.train(**GIVEN)


@pytest.fixture
def recorder(monkeypatch) -> Recorder:
    recorder = Recorder()
    monkeypatch.setattr(loop, "choose_runner", lambda step, _device: Recorded(step, recorder))
    return recorder


def test_a_recorded_training_is_the_plain_one(functions: Functions, plain: Called, recorder: Recorder):
    """Words rest after half of the steps: another phase, another recording."""
    recorded = functions.train(**GIVEN)
    assert members(recorded.result) == members(plain.result)
    assert (recorder.ran, recorder.recorded, recorder.replayed) == (2 * WARM_UP_STEPS, 2, 12 - 2 * WARM_UP_STEPS)


def test_a_resumed_training_records_anew(functions: Functions, plain: Called, recorder: Recorder, tmp_path: Path):
    class Attempt(Nobody):
        goes_on_from: Path | None = None

        def turn(self, step: int) -> bool:
            if step == 5 and not self.goes_on_from:
                raise ConnectionError("lost")
            return False

        def folder(self) -> Path:
            return tmp_path

        def resume(self) -> Path | None:
            return self.goes_on_from

    attempt = Attempt()
    listen(attempt)
    try:
        with pytest.raises(ConnectionError):
            functions.train(**GIVEN, checkpointing_steps=4)
        recorder.ran, attempt.goes_on_from = 0, next(tmp_path.glob("states-*/step-4"))
        again = functions.train(**GIVEN, checkpointing_steps=4)
    finally:
        listen(Nobody())
    assert "Resuming after step 4." in again.log
    assert members(again.result)["lora.safetensors"] == members(plain.result)["lora.safetensors"]
    # Two steps are left of the first phase, which are not enough to record it.
    assert (recorder.ran, recorder.recorded) == (2 + WARM_UP_STEPS, 2)


def test_a_step_that_cannot_be_recorded_runs_as_it_is(capsys):
    class Unable(Recorder):
        def record(self, step):
            raise RuntimeError("operation not permitted when stream is capturing")

    taken = []
    step = Recorded(lambda: taken.append(1), Unable())
    for _ in range(10):
        step()
    assert len(taken) == 10
    assert capsys.readouterr().out.count("cannot be recorded as a CUDA graph (operation not permitted") == 1


def test_memory_that_runs_out_is_not_taken_for_that():
    class Full(Recorder):
        def record(self, step):
            raise torch.OutOfMemoryError("CUDA out of memory")

    step = Recorded(lambda: None, Full())
    for _ in range(WARM_UP_STEPS):
        step()
    with pytest.raises(torch.OutOfMemoryError):
        step()


def test_on_a_cpu_nothing_is_recorded():
    def step() -> None: ...

    assert graph.choose_runner(step, torch.device("cpu")) is step
