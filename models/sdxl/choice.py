"""Which snapshot is published: the best of those that were scored, or the last. Knows nothing about how they are scored.

What it knows is part of every training state, so that a resumed training chooses as an uninterrupted one would.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

import torch
from score import Score, Scored, Yardstick
from states import State, link_or_copy

import runner

SCORED_PER_RUN = 5
BEST_FILE = "best.tar"


class Scorer(Protocol):
    """Judges the parameters as they are."""

    strictness: int

    def make_yardstick(self) -> Yardstick: ...
    def score(self, step: int) -> Score: ...


@dataclass(frozen=True)
class Chosen:
    """A snapshot's tar, the step it is of, and what its card says of the choice."""

    path: Path
    step: int
    described: dict


class Choice:
    """`scorer` None: the last is published, because of `reason`. `every` is the number of steps between snapshots."""

    def __init__(self, steps: int, every: int, scorer: Scorer | None, reason: str = "") -> None:
        self.steps, self.every, self.scorer, self.reason = steps, every, scorer, reason
        self.scored: list[Scored] = []
        self.yardstick: Yardstick | None = None
        self.best: Path | None = None
        self.last: tuple[int, Path] | None = None

    def begin(self) -> None:
        """Before the first step."""
        if self.scorer:
            self.yardstick = self.scorer.make_yardstick()

    def consider(self, step: int, write: Callable[[], Path]) -> None:
        """Five snapshots a run are scored, however many there are. `write` is called where it is the best so far."""
        marks_passed = step * SCORED_PER_RUN // self.steps - (step - self.every) * SCORED_PER_RUN // self.steps
        if self.scorer and marks_passed:
            self._score(step, write)

    def consider_last(self, step: int, path: Path) -> None:
        self.last = (step, path)
        if self.scorer and not any(one.step == step for one in self.scored):
            self._score(step, lambda: path)

    def result(self) -> Chosen:
        """The snapshot to publish, after `consider_last`."""
        step, path = self.last
        if not self.scorer:
            return Chosen(path, step, {"step": step, "reason": self.reason})
        chosen = self.yardstick.choose(self.scored)
        scores = [
            {"step": one.step, **_rounded(asdict(one.score)), "worth": round(self.yardstick.measure(one.score), 4)}
            for one in self.scored
        ]
        described = {
            "step": chosen.step,
            "reason": self.yardstick.explain(self.scored),
            "scores": scores,
            "base": _rounded(asdict(self.yardstick.base)),
            "images_alike": round(self.yardstick.alike, 4),
        }
        return Chosen(self.best, chosen.step, described)

    def tensors(self) -> dict[str, torch.Tensor]:
        """What a training state holds of it, with `files()`."""
        if not self.yardstick:
            return {}
        base = self.yardstick.base
        rows = [[one.step, one.score.likeness, one.score.followed, one.score.copies] for one in self.scored]
        yardstick = [base.likeness, base.followed, base.copies, self.yardstick.alike]
        return {
            "choice.yardstick": torch.tensor(yardstick, dtype=torch.float64),
            "choice.scores": torch.tensor(rows, dtype=torch.float64).view(-1, 4),
        }

    def files(self) -> dict[str, Path]:
        return {BEST_FILE: self.best} if self.best else {}

    def restore(self, state: State) -> None:
        """Knows what it knew when `state` was written."""
        if not self.scorer:
            return
        *base, alike = state.tensors["choice.yardstick"].tolist()
        self.yardstick = Yardstick(Score(*base), alike, self.scorer.strictness)
        self.scored = [Scored(int(step), Score(*score)) for step, *score in state.tensors["choice.scores"].tolist()]
        if self.scored:
            # The state's own folder goes when two newer ones are there.
            self.best = Path(tempfile.mkdtemp(prefix="best-", dir=runner.folder())) / BEST_FILE
            link_or_copy(state.folder / BEST_FILE, self.best)

    def _score(self, step: int, write: Callable[[], Path]) -> None:
        scored = Scored(step, self.scorer.score(step))
        self.scored.append(scored)
        runner.metric(step, **asdict(scored.score), worth=self.yardstick.measure(scored.score))
        if self.yardstick.choose(self.scored) is scored:
            self.best = write()


def _rounded(values: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 4) for name, value in values.items()}
