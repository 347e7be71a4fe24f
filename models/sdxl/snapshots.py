"""What can be seen of a training before it ends: its weights as of a step, and pictures drawn with them.

Both are made of what would come out if the training ended there. Knows nothing about how weights are written.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from choice import Choice
from course import Course
from keeping import EASEL_DECIDES
from PIL.Image import Image
from quick import draw_quickly
from tuning import Tuning
from words import count_naming

import runner

PER_RUN, PER_RUN_AT_LEAST = 10, 2
# All that stay of a run's snapshots together. A LoRA of SDXL is 0.2 GB, its whole UNet 5.
BYTES_PER_RUN = 20_000_000_000
CAPTIONS_DRAWN = 3
# Enough to see what a training is at. A picture of a finished model takes 25 to 50 steps of a slower scheduler.
INFERENCE_STEPS = 8


def steps_between_snapshots(steps: int, checkpointing_steps: int) -> int:
    """Ten a run, and no fewer than training states where their number was given."""
    often = -(-steps // PER_RUN)
    return often if checkpointing_steps == EASEL_DECIDES else min(often, checkpointing_steps)


def steps_between_kept(steps: int, every: int, bytes_each: int) -> int:
    """Of the snapshots after each `every` steps those that stay to be had: all but where they are too large for that."""
    most = max(PER_RUN_AT_LEAST, BYTES_PER_RUN // bytes_each)
    return every * -(-steps // (most * every))


class SnapshotKeeper:
    """Writes tars of trained weights, and tells `choice` of each. `write(path)` writes what the parameters are then.

    Of each `kept_every` steps they stay to be had. One between these is written aside where it is the best so far, and goes
    when another one is.
    """

    def __init__(self, every: int, kept_every: int, write: Callable[[Path, Course], None], choice: Choice) -> None:
        self.every, self.kept_every, self.write, self.choice = every, kept_every, write, choice
        self.folder = Path(tempfile.mkdtemp(prefix="snapshots-", dir=runner.folder()))
        # Goes with the keeper, however the training ends.
        self.aside = tempfile.TemporaryDirectory(prefix="aside-", dir=runner.folder(), ignore_cleanup_errors=True)
        self.last: tuple[int, Path] | None = None

    def wants(self, step: int) -> bool:
        return step % self.every == 0

    def keep(self, course: Course) -> None:
        with course.as_it_would_come_out():
            if course.steps % self.kept_every == 0:
                path = self._write(course)
                self.choice.consider(course.steps, lambda: path)
            else:
                self.choice.consider(course.steps, lambda: self._write_aside(course))
        self._forget_aside(self.choice.best)

    def keep_last(self, course: Course) -> None:
        """At the end, wherever that is: what it came to can be had, and can be chosen."""
        with course.as_it_would_come_out():
            path = self.last[1] if self.last and self.last[0] == course.steps else self._write(course)
            self.choice.consider_last(course.steps, path)
        self._forget_aside(self.choice.best)

    def end(self) -> None:
        """What was chosen is published: it need not lie here too."""
        self.aside.cleanup()

    def _write_aside(self, course: Course) -> Path:
        self._refuse_not_finite(course)
        path = Path(self.aside.name) / f"step-{course.steps}.tar"
        self.write(path, course)
        return path

    def _forget_aside(self, best: Path | None) -> None:
        for path in Path(self.aside.name).iterdir():
            if path != best:
                path.unlink()

    def _write(self, course: Course) -> Path:
        self._refuse_not_finite(course)
        path = self.folder / f"snapshot-{course.steps}.tar"
        self.write(path, course)
        runner.snapshot(path, course.steps)
        self.last = (course.steps, path)
        return path

    def _refuse_not_finite(self, course: Course) -> None:
        """Raises `runner.Failure` where the weights are not finite: with these every picture would be black."""
        if broken := course.not_finite():
            before = f"The snapshot of step {self.last[0]}" if self.last else "No snapshot"
            raise runner.Failure(
                "non_finite_weights",
                f"After step {course.steps} there are numbers in the weights of {' and '.join(broken)} that are not finite. "
                f"{before} can be had from this run. Train again with a tenth of the learning rate.",
            )


class SampleKeeper:
    """Draws the same prompts with the same seeds again and again. `every` 0 draws nothing."""

    def __init__(self, every: int, prompts: list[str], tuning: Tuning, resolution: int) -> None:
        self.every, self.prompts, self.tuning, self.resolution = every, prompts, tuning, resolution
        self.folder = Path(tempfile.mkdtemp(prefix="samples-", dir=runner.folder()))

    def wants(self, step: int) -> bool:
        return bool(self.every) and step % self.every == 0

    def keep(self, course: Course) -> None:
        with course.as_it_would_come_out():
            pictures = draw_prompts(self.tuning, self.prompts, self.resolution, INFERENCE_STEPS, course.steps)
        for seed, (prompt, picture) in enumerate(zip(self.prompts, pictures, strict=True)):
            path = self.folder / f"sample-{course.steps}-{seed}.png"
            picture.save(path)
            runner.sample(path, course.steps, prompt, seed)


def draw_prompts(tuning: Tuning, prompts: list[str], resolution: int, inference_steps: int, step: int) -> list[Image]:
    """A picture of each prompt, with its place among them as its seed. The adapter has to stand beside the base.

    `step` is the training's, which takes its turns meanwhile.
    """
    told = (prompts, list(range(len(prompts))), resolution, inference_steps)
    return draw_quickly(tuning.base, tuning.words, *told, lambda: runner.turn(step))


def choose_prompts(asked: list[str] | None, captions: list[str], token_strings: list[str]) -> list[str]:
    """The prompts that were asked for, or three of the captions from all over the dataset, each with a token string."""
    if asked:
        return [prompt if count_naming([prompt], token_strings) else f"{token_strings[0]} {prompt}" for prompt in asked]
    distinct = list(dict.fromkeys(captions))
    count = min(CAPTIONS_DRAWN, len(distinct))
    return [distinct[place * len(distinct) // count] for place in range(count)]
