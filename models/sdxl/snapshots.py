"""What can be seen of a training before it ends: its weights as of a step, and pictures drawn with them.

Both are made of what would come out if the training ended there. Knows nothing about how weights are written.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import torch
from base import Conditioning
from course import Course
from drawing import to_pictures
from keeping import EASEL_DECIDES
from sampling import Steps, Told, denoise
from tuning import Tuning
from words import contains

import runner

PER_RUN = 10
CAPTIONS_DRAWN = 3
# Enough to see what a training is at. A picture of a finished model takes 25 to 50 steps of a slower scheduler.
INFERENCE_STEPS, GUIDANCE, SCHEDULER = 8, 5.0, "DPMSolverMultistep"


def steps_between_snapshots(steps: int, checkpointing_steps: int) -> int:
    """Ten a run, and no fewer than training states where their number was given."""
    often = -(-steps // PER_RUN)
    return often if checkpointing_steps == EASEL_DECIDES else min(often, checkpointing_steps)


class SnapshotKeeper:
    """Writes small tars of trained weights. `write(path)` writes what the parameters are at the moment."""

    def __init__(self, every: int, write: Callable[[Path, Course], None]) -> None:
        self.every, self.write = every, write
        self.folder = Path(tempfile.mkdtemp(prefix="snapshots-", dir=runner.folder()))

    def wants(self, step: int) -> bool:
        return step % self.every == 0

    def keep(self, course: Course) -> None:
        path = self.folder / f"snapshot-{course.steps}.tar"
        with course.as_it_would_come_out():
            self.write(path, course)
        runner.snapshot(path, course.steps)


class SampleKeeper:
    """Draws the same prompts with the same seeds again and again. `every` 0 draws nothing."""

    def __init__(self, every: int, prompts: list[str], tuning: Tuning, resolution: int) -> None:
        self.every, self.prompts, self.tuning, self.resolution = every, prompts, tuning, resolution
        self.folder = Path(tempfile.mkdtemp(prefix="samples-", dir=runner.folder()))

    def wants(self, step: int) -> bool:
        return bool(self.every) and step % self.every == 0

    def keep(self, course: Course) -> None:
        with course.as_it_would_come_out():
            pictures = self.draw(course.steps)
        for seed, (prompt, picture) in enumerate(zip(self.prompts, pictures, strict=True)):
            path = self.folder / f"sample-{course.steps}-{seed}.png"
            picture.save(path)
            runner.sample(path, course.steps, prompt, seed)

    @torch.no_grad()
    def draw(self, step: int) -> list:
        """A picture of each prompt, with its place among them as its seed. The adapter has to stand beside the base."""
        base, words, size = self.tuning.base, self.tuning.words, (self.resolution, self.resolution)
        windows = max(base.count_windows(prompt, words.spans if words else {}) for prompt in self.prompts)
        told = [base.encode_text(prompt, words, size, windows) for prompt in self.prompts]
        negative = base.encode_negative("", None, size, windows)
        latents = denoise(
            base,
            Steps(SCHEDULER, base.scheduler.config, INFERENCE_STEPS, base.device),
            Told(Conditioning.joined(told), Conditioning.joined([negative] * len(told)), GUIDANCE),
            base.latents_shape(size),
            [torch.Generator(base.device).manual_seed(seed) for seed in range(len(told))],
            lambda: runner.turn(step),
        )
        return to_pictures(base, latents)


def choose_prompts(asked: list[str] | None, captions: list[str], token_string: str) -> list[str]:
    """The prompts that were asked for, or three of the captions from all over the dataset, each with the token string."""
    if asked:
        return [prompt if contains(prompt, token_string) else f"{token_string} {prompt}" for prompt in asked]
    distinct = list(dict.fromkeys(captions))
    count = min(CAPTIONS_DRAWN, len(distinct))
    return [distinct[place * len(distinct) // count] for place in range(count)]
