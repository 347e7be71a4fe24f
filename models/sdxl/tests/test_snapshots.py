"""What is seen of a training on its way: snapshots that can be drawn with, and samples that leave no trace in the result."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import snapshots
from conftest import Called, Functions, fingerprint, members
from judge import Judge
from PIL import Image
from score import Score, Yardstick
from snapshots import choose_prompts, steps_between_kept, steps_between_snapshots

from runner.report import Nobody, listen


class Watcher(Nobody):
    """Keeps what a training shows; ends it early after `ends_after`."""

    def __init__(self, folder: Path, ends_after: int | None = None) -> None:
        self.path, self.ends_after = folder, ends_after
        self.snapshots: dict[int, Path] = {}
        self.samples: list[tuple[int, str, int]] = []
        self.pictures: dict[tuple[int, int], Path] = {}

    def turn(self, step: int) -> bool:
        return step == self.ends_after

    def snapshot(self, path: Path, step: int) -> None:
        self.snapshots[step] = path

    def sample(self, path: Path, step: int, prompt: str, seed: int) -> None:
        self.samples.append((step, prompt, seed))
        self.pictures[step, seed] = path

    def folder(self) -> Path:
        self.path.mkdir(exist_ok=True)
        return self.path


def watch(functions: Functions, watcher: Watcher, **given) -> Called:
    listen(watcher)
    try:
        return functions.train(**given)
    finally:
        listen(Nobody())


@pytest.fixture(scope="module")
def seen(functions: Functions, tmp_path_factory) -> tuple[Called, Watcher]:
    watcher = Watcher(tmp_path_factory.mktemp("seen"))
    return watch(functions, watcher, sample_steps=2, lora_lr=0.02, ti_lr=0.1), watcher


def test_samples_at_the_start_and_on_the_way(seen):
    _, watcher = seen
    prompts = ["a TOK emoji of an alarm clock", "a TOK emoji of grapes", "a TOK emoji of a police car"]
    assert watcher.samples == [(step, prompts[seed], seed) for step in (0, 2, 4) for seed in range(3)]
    pictures = {place: Image.open(path) for place, path in watcher.pictures.items()}
    assert {picture.size for picture in pictures.values()} == {(64, 64)}
    assert len({path.name for path in watcher.pictures.values()}) == 9
    assert pictures[0, 0].tobytes() != pictures[4, 0].tobytes()


def test_what_was_drawn_on_the_way_does_not_show(functions: Functions, seen, tmp_path: Path):
    before = fingerprint()
    watch(functions, Watcher(tmp_path), sample_steps=1, max_train_steps=1)
    assert fingerprint() == before
    plain = functions.train(lora_lr=0.02, ti_lr=0.1).result
    for name in ("lora.safetensors", "embeddings.pti"):
        assert members(seen[0].result)[name] == members(plain)[name]
    assert "%|" not in seen[0].log.split("100%|")[1]


def test_a_snapshot_is_what_ending_there_gives(functions: Functions, seen, tmp_path: Path):
    called, watcher = seen
    assert list(watcher.snapshots) == [1, 2, 3, 4]
    kept = watch(functions, Watcher(tmp_path / "kept", ends_after=2), sample_steps=2, lora_lr=0.02, ti_lr=0.1)
    for snapshot, result in ((watcher.snapshots[2], kept.result), (watcher.snapshots[4], called.result)):
        there, here = members(snapshot), members(result)
        card = json.loads(here["model_card.json"])
        del card["chosen"]
        assert there == here | {"model_card.json": json.dumps(card, indent=2, ensure_ascii=False).encode()}


def test_a_snapshot_can_be_drawn_with(functions: Functions, seen):
    early, late = (
        Path(functions.draw(functions.predictor(seen[1].snapshots[step]), prompt="a TOK emoji of a fox").result[0])
        for step in (1, 4)
    )
    assert early.read_bytes() != late.read_bytes()


def test_other_prompts_get_the_token_string(functions: Functions, tmp_path: Path):
    watcher = Watcher(tmp_path)
    watch(functions, watcher, sample_steps=1, max_train_steps=1, sample_prompts=["a fox", "one TOK"])
    assert watcher.samples == [
        (step, prompt, seed) for step in (0, 1) for seed, prompt in enumerate(["TOK a fox", "one TOK"])
    ]


@pytest.mark.parametrize(
    ("captions", "chosen"),
    [(["a"], ["a"]), (["a", "a", "b"], ["a", "b"]), ([*"abcdef"], ["a", "c", "e"]), ([*"abcd"], ["a", "b", "c"])],
)
def test_three_of_the_captions_without_repeats(captions: list[str], chosen: list[str]):
    assert choose_prompts(None, captions, ["TOK"]) == chosen


@pytest.mark.parametrize(
    ("steps", "checkpointing_steps", "every"),
    [(200, 999999, 20), (1001, 999999, 101), (4, 999999, 1), (200, 5, 5), (200, 50, 20)],
)
def test_ten_snapshots_and_never_fewer_than_states(steps: int, checkpointing_steps: int, every: int):
    assert steps_between_snapshots(steps, checkpointing_steps) == every


@pytest.mark.parametrize(
    ("gigabytes", "every", "kept_every"),
    [(0.2, 100, 100), (0.2, 5, 10), (5.13, 100, 400), (5.13, 1, 334), (6.77, 100, 500), (30, 100, 500)],
)
def test_large_snapshots_that_stay_are_few_however_many_were_asked_for(gigabytes: float, every: int, kept_every: int):
    assert steps_between_kept(1000, every, int(gigabytes * 1e9)) == kept_every
    stay = {*range(kept_every, 1001, kept_every), 1000}
    assert len(stay) == 2 or len(stay) * gigabytes <= 20


def test_of_what_is_too_large_to_keep_the_best_stays_until_it_is_published(
    functions: Functions, monkeypatch, tmp_path: Path
):
    """As at SDXL's size: of five snapshots that are scored two can be had, and one between them is published."""
    monkeypatch.setattr(snapshots, "BYTES_PER_RUN", 1)
    scores = {1: 0.10, 2: 0.12, 3: 0.20, 4: 0.15, 5: 0.15}
    monkeypatch.setattr(Judge, "make_yardstick", lambda judge: Yardstick(Score(0.05, 0.4, 0.0), alike=0.25))
    monkeypatch.setattr(Judge, "score", lambda judge, step: Score(scores[step], 0.4, 0.0))

    class Counting(Watcher):
        """Counts what lies there aside while the training goes on."""

        def __init__(self) -> None:
            super().__init__(tmp_path)
            self.aside: dict[int, list[str]] = {}

        def turn(self, step: int) -> bool:
            self.aside[step] = sorted(path.name for path in self.path.glob("aside-*/*"))
            return False

    watcher = Counting()
    called = watch(functions, watcher, technique="dreambooth", publish="best", max_train_steps=5)
    assert list(watcher.snapshots) == [3, 5]
    assert [watcher.aside[step] for step in (1, 2, 3, 4)] == [["step-1.tar"], ["step-2.tar"], [], []]
    assert json.loads(members(called.result)["model_card.json"])["steps"] == 3
    scores |= {3: 0.10, 4: 0.22}
    called = watch(functions, watcher, technique="dreambooth", publish="best", max_train_steps=5)
    assert watcher.aside[4] == ["step-4.tar"]
    assert json.loads(members(called.result)["model_card.json"])["steps"] == 4
    assert list(tmp_path.glob("aside-*/*")) == []


def test_a_resumed_training_draws_no_start_again(functions: Functions, tmp_path: Path):
    class Resumed(Watcher):
        def resume(self) -> Path | None:
            return next(tmp_path.glob("first/states-*/step-2"))

    given = {"checkpointing_steps": 2, "sample_steps": 3}
    first = watch(functions, Watcher(tmp_path / "first"), **given)
    shutil.rmtree(next(tmp_path.glob("first/states-*/step-4")))
    again = Resumed(tmp_path / "second")
    assert watch(functions, again, **given).result.read_bytes() == first.result.read_bytes()
    assert list(again.snapshots) == [3, 4]
    assert [step for step, _, _ in again.samples] == [3, 3, 3]
