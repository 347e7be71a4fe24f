"""Which snapshot is published: what a score is made of, and that the best is taken, also where a training was interrupted."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from choice import Choice
from conftest import ROOT, Called, Functions, members
from judge import choose_probes
from score import (
    STRICT_WITH_PLACES,
    Score,
    Scored,
    Yardstick,
    alikeness,
    distances_to_nearest,
    score_pictures,
    usual_distance,
)
from test_snapshots import Watcher, watch

BASE = Score(likeness=0.05, followed=0.4, copies=0.0)
YARDSTICK = Yardstick(BASE, alike=0.25)
GOOD = Score(likeness=0.2, followed=0.4, copies=0.0)
GIVEN = {"publish": "best", "max_train_steps": 3, "checkpointing_steps": 1, "lr_warmup_steps": 0, "lora_lr": 1.0}


@pytest.mark.parametrize(
    "worse",
    [
        Score(likeness=0.25, followed=0.4, copies=0.5),
        Score(likeness=0.25, followed=0.1, copies=0.0),
        Score(likeness=0.06, followed=0.5, copies=0.0),
        Score(likeness=0.9, followed=0.0, copies=0.0),
        Score(likeness=0.9, followed=0.4, copies=1.0),
    ],
    ids=["copies half", "forgets", "has learnt little", "draws one thing whatever it is told", "copies all"],
)
def test_what_loses(worse: Score):
    assert YARDSTICK.choose([Scored(1, GOOD), Scored(2, worse)]).step == 1
    assert YARDSTICK.choose([Scored(1, worse), Scored(2, GOOD)]).step == 2


def test_places_tell_less_of_prompts_than_things_do():
    lost, kept = Score(likeness=0.25, followed=0.13, copies=0.0), Score(likeness=0.13, followed=0.4, copies=0.0)
    assert YARDSTICK.measure(kept) == pytest.approx(0.4)
    assert YARDSTICK.measure(lost) == pytest.approx(0.125), "half of it is left, cubed"
    of_places = Yardstick(BASE, alike=0.25, strictness=STRICT_WITH_PLACES)
    assert of_places.choose([Scored(1, kept), Scored(2, lost)]).step == 2
    assert of_places.measure(lost) == pytest.approx(0.5)


def test_of_equals_the_later_one():
    assert YARDSTICK.choose([Scored(step, GOOD) for step in (1, 2, 3)]).step == 3


def test_more_alike_than_the_images_among_themselves_is_no_better():
    beyond = Score(likeness=0.5, followed=0.35, copies=0.0)
    enough = Score(likeness=0.25, followed=0.4, copies=0.0)
    assert YARDSTICK.choose([Scored(1, enough), Scored(2, beyond)]).step == 1


def test_where_nothing_was_learnt_the_last_is_taken_and_said():
    scored = [Scored(1, BASE), Scored(2, Score(likeness=0.01, followed=0.4, copies=0.0))]
    assert YARDSTICK.choose(scored).step == 2
    reason = YARDSTICK.explain(scored)
    assert reason.startswith("The last: none of the snapshots came nearer")
    assert "initial_word" in reason


def test_the_reason_names_what_decided():
    reason = YARDSTICK.explain([Scored(10, GOOD), Scored(20, Score(likeness=0.25, followed=0.1, copies=0.25))])
    assert "The best of 2: likeness to the training images 0.200 (the base 0.050, the most that counts 0.250)" in reason
    assert reason.endswith("It is worth 0.75, the last, step 20, 0.06.")


def test_a_score_is_of_directions_and_distances():
    """Two pictures in a space of four axes: each on its own text's axis, halfway to one of the training images."""
    texts = torch.eye(4)[:2]
    images = torch.eye(4)[2:]
    seen = torch.nn.functional.normalize(texts + images, dim=-1)
    score = score_pictures(0.7, seen, texts, torch.tensor([10.0, 40.0]), usual=50)
    assert score.likeness == 0.7
    assert score.followed == pytest.approx(0.5**0.5)
    assert score.copies == 0.5
    one_for_all = score_pictures(0.7, seen[:1].expand(2, 4), texts, torch.tensor([50.0, 50.0]), usual=50)
    assert (one_for_all.followed, one_for_all.copies) == (0, 0)


def test_how_alike_and_how_far_training_images_are():
    assert alikeness(torch.eye(4)[[0, 0, 1]]) == pytest.approx(1 / 3)
    assert alikeness(torch.eye(4)[:1]) == 1
    images = torch.tensor([0.0, 10, 30]).view(3, 1, 1, 1).expand(3, 2, 2, 3)
    assert usual_distance(images) == 10
    assert distances_to_nearest(images + 4, images).tolist() == [4, 4, 4]
    assert usual_distance(images[:1]) > 0


def test_probes_are_what_no_caption_names(functions: Functions):
    probes = choose_probes("style", ["a HAT emoji of a cactus", "a lion's face"], "HAT", "style")
    things = ("violin", "pear", "train", "whale", "bee", "tulip")
    assert [probe.prompt for probe in probes] == [f"a HAT emoji of a {thing}" for thing in things]
    assert probes[0].plain == "an emoji of a violin"
    captions = ["a HAT", "a HAT", "two"]
    assert [probe.prompt for probe in choose_probes("unknown", captions, "HAT", "thing")] == ["a HAT", "two"]


def test_a_place_is_asked_for_without_what_a_caption_says_of_its_own_image(functions: Functions):
    captions = ["an emoji of HAT, a church on a red background", "a small emoji of HAT, a dog"]
    blue, *between, pink = choose_probes("object", captions, "HAT", "bear")
    assert len(between) == 6
    assert blue.prompt == "an emoji of HAT on a blue background"
    assert blue.plain == "an emoji of bear on a blue background"
    assert pink.prompt == "an emoji of HAT on a pink background"
    [alone, *_] = choose_probes("object", ["an emoji of a bear"], "HAT", "bear")
    assert alone.prompt == alone.plain == "an emoji of a bear on a blue background"


def test_there_is_always_something_to_tell_a_probe_from(functions: Functions):
    colours = ("blue", "red", "green", "purple", "yellow", "black", "gray", "pink")
    captions = [f"an emoji of HAT on a {colour} background" for colour in colours]
    probes = choose_probes("object", captions, "HAT", "bear")
    places = ("an orange", "a blue", "a red", "a green")
    assert [probe.prompt for probe in probes] == [f"an emoji of HAT on {place} background" for place in places]


def test_an_earlier_snapshot_is_published_where_it_is_the_best(tmp_path: Path):
    class Listed:
        """Scores that were measured elsewhere."""

        def make_yardstick(self) -> Yardstick:
            return YARDSTICK

        def score(self, step: int) -> Score:
            return GOOD if step == 20 else Score(likeness=0.25, followed=0.1, copies=0.0)

    choice = Choice(steps=50, every=10, scorer=Listed())
    choice.begin()
    for step in (10, 20, 30):
        choice.consider(step, lambda path=tmp_path / f"{step}.tar": path)
    choice.consider_last(35, tmp_path / "35.tar")
    chosen = choice.result()
    assert (chosen.step, chosen.path) == (20, tmp_path / "20.tar")
    assert [score["step"] for score in chosen.described["scores"]] == [10, 20, 30, 35]
    assert choice.files() == {"best.tar": tmp_path / "20.tar"}


@pytest.fixture(scope="module")
def chosen(functions: Functions, tmp_path_factory) -> tuple[Called, Watcher]:
    watcher = Watcher(tmp_path_factory.mktemp("chosen"))
    return watch(functions, watcher, **GIVEN), watcher


def test_the_best_is_published_and_the_last_can_be_had(chosen):
    called, watcher = chosen
    result, card = members(called.result), json.loads(members(called.result)["model_card.json"])
    step = card["chosen"]["step"]
    assert step == card["steps"]
    assert card["chosen"]["scores"][step - 1]["worth"] == max(score["worth"] for score in card["chosen"]["scores"])
    assert f"Publishing step {step} of 3. {card['chosen']['reason']}" in called.log
    assert result["lora.safetensors"] == members(watcher.snapshots[step])["lora.safetensors"]
    assert list(watcher.snapshots) == [1, 2, 3]
    files = [members(path)["lora.safetensors"] for path in watcher.snapshots.values()]
    assert files.count(result["lora.safetensors"]) == 1
    assert [at for at, _ in card["loss"]] == [1, 2, 3]


def test_a_resumed_training_chooses_the_same(functions: Functions, chosen, tmp_path: Path):
    """The state of step 2 holds the scores, and the best snapshot itself: the first attempt's own are gone."""

    class Resumed(Watcher):
        def resume(self) -> Path | None:
            return next(tmp_path.glob("states-*/step-2"))

    first = chosen[1].path
    shutil.copytree(next(first.glob("states-*")), tmp_path / "states-1", ignore=shutil.ignore_patterns("step-3"))
    again = Resumed(tmp_path / "again")
    assert watch(functions, again, **GIVEN).result.read_bytes() == chosen[0].result.read_bytes()
    assert list(again.snapshots) == [3]


def test_ended_early_it_is_chosen_among_what_there_is(functions: Functions, tmp_path: Path):
    watcher = Watcher(tmp_path, ends_after=1)
    card = json.loads(members(watch(functions, watcher, **GIVEN | {"max_train_steps": 20}).result)["model_card.json"])
    assert list(watcher.snapshots) == [1]
    assert [score["step"] for score in card["chosen"]["scores"]] == [1]


def test_a_base_without_clipseg_publishes_the_last_and_says_so(functions: Functions, on_base, tmp_path: Path):
    base = tmp_path / "blind"
    base.mkdir()
    for part in (ROOT / "bases" / "emoji").iterdir():
        if part.name != "clipseg":
            (base / part.name).symlink_to(part)
    on_base(base)
    called = functions.train(publish="best", max_train_steps=1)
    card = json.loads(members(called.result)["model_card.json"])
    assert card["chosen"]["step"] == 1
    assert "clipseg" in card["chosen"]["reason"]
    assert "Get it with: easel base get sdxl" in called.log
