"""What a training keeps on its way, so that a lost attempt goes on where it was: when a training state is due, whether one
may be used, and what it is of. Knows nothing about how a state lies on the disk."""

from __future__ import annotations

import importlib.metadata
import secrets
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from choice import Choice
from course import Course
from states import State, adopt_state, find_newest_state, forget_old_states, write_state

import runner

# cog-sdxl's default, which means that no number was given.
EASEL_DECIDES = 999999
STEPS_BETWEEN, SECONDS_BETWEEN = 50, 60.0
# A twentieth of the time at most goes into states: where one takes 40 s, as a whole network at SDXL's size may, each 13 minutes.
WRITING_TIMES = 20
# Beyond that, as a whole network's 41 GB at SDXL's size, no third state lies there while it is written.
LARGE_BYTES = 10_000_000_000
LIBRARIES = ("torch", "diffusers", "transformers", "safetensors", "pillow")


def find_state() -> State | None:
    """The training state that this attempt goes on from."""
    folder = runner.resume()
    return find_newest_state(folder) if folder else None


def choose_seed(asked: int | None, state: State | None) -> int:
    """The seed that was asked for, that of the earlier attempt, or a new one."""
    if state:
        return state.facts["seed"]
    return secrets.randbits(32) if asked is None else asked


def list_libraries() -> dict[str, str]:
    return {name: importlib.metadata.version(name) for name in LIBRARIES}


def check_state(state: State, facts: dict) -> None:
    """Raises `runner.Failure` with what differs when the state is of another training."""
    kept, now = state.facts, facts
    differences = [
        f"{name} was {kept['settings'].get(name)} and is {now['settings'].get(name)}"
        for name in sorted(kept["settings"].keys() | now["settings"].keys())
        if kept["settings"].get(name) != now["settings"].get(name)
    ]
    differences += [f"its {name} is another" for name in ("dataset", "base") if kept[name] != now[name]]
    if differences:
        raise runner.Failure(
            "state_refused",
            f"The training state {state.folder.name} is of another training: {', '.join(differences)}. Start a new training.",
        )
    if kept["libraries"] != now["libraries"]:
        print(
            "The training state was written with other versions of the libraries: the last bits may come out different."
        )


@dataclass
class StateTimes:
    """When a state is due: each `every` steps, or, where that is None, after 60 s, 50 steps and `WRITING_TIMES` as long as the last
    one took to write, whichever is longest."""

    every: int | None
    clock: Callable[[], float] = time.monotonic

    def __post_init__(self) -> None:
        self.last_step, self.last_seconds, self.pause = 0, self.clock(), SECONDS_BETWEEN

    def is_due(self, step: int) -> bool:
        if self.every is not None:
            return step % self.every == 0
        return step - self.last_step >= STEPS_BETWEEN and self.clock() - self.last_seconds >= self.pause

    def count(self, step: int) -> None:
        self.last_step, self.last_seconds = step, self.clock()

    @contextmanager
    def writing(self, step: int) -> Iterator[None]:
        """Around the writing of a state, whether or not the disk takes it."""
        began = self.clock()
        try:
            yield
        finally:
            self.count(step)
            self.pause = max(SECONDS_BETWEEN, WRITING_TIMES * (self.last_seconds - began))


class StateKeeper:
    """Writes a course's states, with what `choice` knows by then, into a folder of its own and tells the runner. `facts` say what
    training they are of."""

    def __init__(self, facts: dict, checkpointing_steps: int, choice: Choice) -> None:
        self.facts, self.choice = facts, choice
        self.times = StateTimes(None if checkpointing_steps == EASEL_DECIDES else checkpointing_steps)
        # Outside a run two trainings share runner.folder().
        self.root = Path(tempfile.mkdtemp(prefix="states-", dir=runner.folder()))

    def resume(self, course: Course, state: State) -> None:
        """Puts the course where `state` was written. Raises `runner.Failure` when that is of another training."""
        check_state(state, self.facts)
        course.restore(state.tensors)
        self.choice.restore(state)
        self.times.count(course.steps)
        print(f"Resuming after step {course.steps}.")
        try:
            adopt_state(state, self.root)
        except OSError as error:
            print(f"The training state {state.folder.name} could not be taken over ({error}).")

    def wants(self, step: int) -> bool:
        # Asked first: a wish is heard once.
        return runner.state_asked() or self.times.is_due(step)

    def keep(self, course: Course) -> None:
        """A disk that takes no state is no reason to lose the training, and one old state is worth less than a new one."""
        tensors = course.tensors() | self.choice.tensors()
        if sum(tensor.nbytes for tensor in tensors.values()) > LARGE_BYTES:
            forget_old_states(self.root, kept=1)
        try:
            with self.times.writing(course.steps):
                folder = self._write_somehow(course, tensors)
        except OSError as error:
            print(f"The training state of step {course.steps} could not be written ({error}). The training goes on.")
            return
        runner.state(folder, course.steps)
        forget_old_states(self.root)

    def _write_somehow(self, course: Course, tensors: dict[str, torch.Tensor]) -> Path:
        try:
            return self._write(course, tensors)
        except OSError:
            forget_old_states(self.root, kept=1)
            return self._write(course, tensors)

    def _write(self, course: Course, tensors: dict[str, torch.Tensor]) -> Path:
        return write_state(self.root, course.steps, tensors, self.facts, self.choice.files())
