"""Training states: what was lost with an attempt is at most what came after its last state, and nothing of it shows."""

from __future__ import annotations

import hashlib
import json
import shutil
import signal
import subprocess
import sys
import zipfile
from contextlib import contextmanager
from pathlib import Path

import pytest
from conftest import DEMO_ZIP, Called, Functions
from keeping import StateTimes
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from states import MANIFEST, TENSORS, find_newest_state

from runner import Failure
from runner.report import Nobody, listen

LONG = {"max_train_steps": 8, "checkpointing_steps": 2}
DREAMBOOTH = {"technique": "dreambooth", "train_text_encoder": True}
DIES_IN_A_WRITE = """
import os, signal, sys
from pathlib import Path

sys.path.insert(0, {tests!r})
from conftest import Functions, ROOT
from runner.report import Nobody, listen


class Attempt(Nobody):
    def folder(self):
        return Path({folder!r})


def die(place):
    os.kill(os.getpid(), signal.SIGKILL)


listen(Attempt())
import states

synced = states.sync
states.sync = lambda path: die(path) if path.name == "facts.json" and "step-6" in str(path) else synced(path)
Functions(ROOT / "bases" / "emoji").train(**{given!r})
"""


class Attempt(Nobody):
    """A run's attempt: its folder, the state it goes on from, the step it is lost at, and the states it reported."""

    def __init__(self, folder: Path, state: Path | None = None, lost_at: int | None = None) -> None:
        self.path, self.from_state, self.lost_at = folder, state, lost_at
        self.reported: dict[int, Path] = {}

    def turn(self, step: int) -> bool:
        if step == self.lost_at:
            raise ConnectionError("lost")
        return False

    def state(self, folder: Path, step: int) -> None:
        self.reported[step] = folder

    def folder(self) -> Path:
        self.path.mkdir(exist_ok=True)
        return self.path

    def resume(self) -> Path | None:
        return self.from_state


@contextmanager
def heard(attempt: Attempt):
    listen(attempt)
    try:
        yield attempt
    finally:
        listen(Nobody())


@pytest.fixture(scope="module")
def whole(functions: Functions, tmp_path_factory) -> tuple[Called, Attempt]:
    """Eight steps in one attempt, with a state every two."""
    with heard(Attempt(tmp_path_factory.mktemp("whole"))) as attempt:
        return functions.train(**LONG), attempt


@pytest.fixture(scope="module")
def lost_once(functions: Functions, tmp_path_factory) -> Attempt:
    with heard(Attempt(tmp_path_factory.mktemp("lost"), lost_at=5)) as attempt, pytest.raises(ConnectionError):
        functions.train(**LONG)
    return attempt


@pytest.fixture
def lost(lost_once: Attempt, tmp_path: Path) -> Attempt:
    """An attempt that was lost at step 5, with states of 2 and 4, for a test to do with as it likes."""
    attempt = Attempt(shutil.copytree(lost_once.path, tmp_path / "lost"))
    attempt.reported = {
        step: attempt.path / folder.relative_to(lost_once.path) for step, folder in lost_once.reported.items()
    }
    return attempt


def go_on(functions: Functions, folder: Path, state: Path, **given) -> tuple[Called, Attempt]:
    with heard(Attempt(folder, state)) as attempt:
        return functions.train(**LONG | given), attempt


def assert_equal_states(one: Path, other: Path) -> None:
    """Weights, their mean, the optimizer's moments, the generator and the losses: byte for byte."""
    assert (one / TENSORS).read_bytes() == (other / TENSORS).read_bytes()


def test_a_resumed_training_is_the_whole_one(functions: Functions, whole, lost: Attempt, tmp_path: Path):
    called, attempt = go_on(functions, tmp_path / "again", lost.reported[4])
    assert "Resuming after step 4." in called.log
    assert called.result.read_bytes() == whole[0].result.read_bytes()
    assert_equal_states(attempt.reported[8], whole[1].reported[8])
    assert sorted(attempt.reported) == [6, 8]
    kept = load_file(attempt.reported[8] / TENSORS)
    assert {name.rpartition(".")[2] for name in kept if name.startswith("words.0")} == {
        "value",
        "exp_avg",
        "exp_avg_sq",
        "step",
    }
    assert len(kept["losses"]) == 8


def test_resumed_while_words_move_and_after_they_rest(functions: Functions, whole, tmp_path: Path):
    """Words rest after step 4: the attempt lost at 3 goes on while they move, the one lost at 7 after."""
    for lost_at in (3, 7):
        with heard(Attempt(tmp_path / str(lost_at), lost_at=lost_at)) as attempt, pytest.raises(ConnectionError):
            functions.train(**LONG)
        called, _ = go_on(functions, tmp_path / f"{lost_at}-again", attempt.reported[lost_at - 1])
        assert called.result.read_bytes() == whole[0].result.read_bytes()


@pytest.mark.parametrize(
    "chosen",
    [
        {"technique": "lora", "gradient_accumulation_steps": 2},
        {"technique": "textual_inversion"},
    ],
    ids=lambda chosen: chosen["technique"],
)
def test_every_technique_goes_on_as_if_nothing_were(functions: Functions, tmp_path: Path, chosen: dict):
    given = {"max_train_steps": 7, **chosen}
    with heard(Attempt(tmp_path / "whole")) as whole:
        result = functions.train(**LONG | given).result
    with heard(Attempt(tmp_path / "lost", lost_at=3)) as attempt, pytest.raises(ConnectionError):
        functions.train(**LONG | given)
    called, again = go_on(functions, tmp_path / "again", attempt.reported[2], **given)
    assert called.result.read_bytes() == result.read_bytes()
    assert_equal_states(again.reported[6], whole.reported[6])


def killed_inside_a_write(folder: Path, given: dict) -> Path:
    """The states that an attempt left which was killed while it wrote the one of step 6."""
    folder.mkdir()
    script = DIES_IN_A_WRITE.format(tests=str(Path(__file__).parent), folder=str(folder), given=given)
    died = subprocess.run([sys.executable, "-c", script], check=False, capture_output=True, text=True)
    assert died.returncode == -signal.SIGKILL, died.stdout + died.stderr
    states = next(folder.glob("states-*"))
    assert sorted(path.name for path in states.iterdir()) == ["step-2", "step-4", "step-6.tmp"]
    return states


def test_killed_inside_a_write(functions: Functions, whole, tmp_path: Path):
    states = killed_inside_a_write(tmp_path / "killed", LONG)
    called, attempt = go_on(functions, tmp_path / "again", states / "step-4")
    assert called.result.read_bytes() == whole[0].result.read_bytes()
    assert_equal_states(attempt.reported[8], whole[1].reported[8])


def test_a_whole_model_killed_inside_a_write(functions: Functions, tmp_path: Path):
    """All of the UNet and the text encoders, their running means and the optimizer's moments."""
    states = killed_inside_a_write(tmp_path / "killed", LONG | DREAMBOOTH)
    with heard(Attempt(tmp_path / "whole")) as attempt:
        result = functions.train(**LONG | DREAMBOOTH).result
    called, again = go_on(functions, tmp_path / "again", states / "step-4", **DREAMBOOTH)
    assert called.result.read_bytes() == result.read_bytes()
    assert_equal_states(again.reported[8], attempt.reported[8])


@pytest.mark.parametrize("name", [TENSORS, "facts.json", MANIFEST])
@pytest.mark.parametrize("how", ["a byte flipped", "cut", "gone"])
def test_a_damaged_state_falls_back_to_the_one_before(lost: Attempt, capsys, name: str, how: str):
    file = lost.reported[4] / name
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    if how == "gone":
        file.unlink()
    else:
        file.write_bytes(data if how == "a byte flipped" else data[:-1])
    found = find_newest_state(lost.reported[4])
    assert found.folder == lost.reported[2]
    assert "step-4 is damaged" in capsys.readouterr().out


def test_what_was_not_renamed_is_no_state(lost: Attempt):
    lost.reported[4].rename(lost.reported[4].with_name("step-4.tmp"))
    assert find_newest_state(lost.reported[4]).folder == lost.reported[2]


def test_after_a_damaged_state_the_result_is_the_same(functions: Functions, whole, lost: Attempt, tmp_path: Path):
    (lost.reported[4] / TENSORS).write_bytes(b"")
    called, _ = go_on(functions, tmp_path / "again", lost.reported[4])
    assert "Resuming after step 2." in called.log
    assert called.result.read_bytes() == whole[0].result.read_bytes()


def test_without_a_readable_state_it_begins_anew(functions: Functions, whole, lost: Attempt, tmp_path: Path):
    for folder in lost.reported.values():
        (folder / MANIFEST).unlink()
    called, _ = go_on(functions, tmp_path / "again", lost.reported[4])
    assert "from the beginning" in called.log
    assert called.result.read_bytes() == whole[0].result.read_bytes()


def test_the_state_it_came_from_stays_at_hand(functions: Functions, lost: Attempt, tmp_path: Path):
    """The second attempt is lost too, its only own state gets damaged, and the first attempt's folder is gone."""
    with heard(Attempt(tmp_path / "second", lost.reported[4], lost_at=7)) as second, pytest.raises(ConnectionError):
        functions.train(**LONG)
    shutil.rmtree(lost.path)
    (second.reported[6] / TENSORS).write_bytes(b"")
    assert find_newest_state(second.reported[6]).folder.name == "step-4"


def test_two_states_are_kept(whole):
    folder = whole[1].reported[8].parent
    assert sorted(path.name for path in folder.iterdir()) == ["step-6", "step-8"]


@pytest.mark.parametrize(
    ("given", "said"),
    [({"lora_lr": 0.5}, "lora_lr was 0.0015 and is 0.5"), ({"caption_prefix": "a TOK of "}, "caption_prefix was")],
)
def test_a_state_of_another_training_is_refused_by_name(
    functions: Functions, lost: Attempt, tmp_path: Path, given: dict, said: str
):
    with pytest.raises(Failure, match=said) as failure:
        go_on(functions, tmp_path / "other", lost.reported[4], **given)
    assert failure.value.code == "state_refused"


def test_a_state_of_another_dataset_is_refused(functions: Functions, lost: Attempt, tmp_path: Path):
    edits = tmp_path / "edits.json"
    edits.write_text(json.dumps({_first_image_sha256(): {"drop": True}}))
    with pytest.raises(Failure, match="its dataset is another"):
        go_on(functions, tmp_path / "other", lost.reported[4], edits=edits)


def test_a_seed_of_its_own_choice_is_kept(functions: Functions, tmp_path: Path):
    with heard(Attempt(tmp_path / "lost", lost_at=3)) as attempt, pytest.raises(ConnectionError):
        functions.train(**LONG, seed=None)
    seed = json.loads((attempt.reported[2] / "facts.json").read_text())["seed"]
    called, _ = go_on(functions, tmp_path / "again", attempt.reported[2], seed=None)
    assert f"Using seed: {seed}\n" in called.log


def test_a_disk_that_takes_no_state_costs_no_training(functions: Functions, whole, tmp_path: Path, monkeypatch):
    def full(_file):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("states.sync", full)
    with heard(Attempt(tmp_path / "full")) as attempt:
        called = functions.train(**LONG)
    assert "step 2 could not be written ([Errno 28] No space left on device). The training goes on." in called.log
    assert attempt.reported == {}
    assert not list(attempt.path.glob("states-*/*"))
    assert called.result.read_bytes() == whole[0].result.read_bytes()


def test_a_disk_without_room_for_three_states_keeps_the_newest(functions: Functions, tmp_path: Path, monkeypatch):
    """Tensors that the disk does not take are an error of safetensors' own."""

    def save(tensors, path: Path) -> None:
        if len(list(path.parent.parent.glob("step-?"))) == 2:
            raise SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)")
        save_file(tensors, path)

    monkeypatch.setattr("states.save_file", save)
    with heard(Attempt(tmp_path / "full")) as attempt:
        called = functions.train(**{**LONG, "checkpointing_steps": 1, "max_train_steps": 5})
    assert "could not be written" not in called.log
    assert sorted(attempt.reported) == [1, 2, 3, 4, 5]
    assert sorted(path.name for path in attempt.path.glob("states-*/*")) == ["step-4", "step-5"]


def test_of_a_whole_model_two_states_lie_there_at_most_as_large_as_the_server_reckons(
    functions: Functions, tmp_path: Path, monkeypatch
):
    """Counted as in server/src/models/needed-bytes.ts: DreamBooth moves the UNet and, here, the text encoders."""
    numbers = 14_630_792 + 3_728_576
    beside: list[int] = []

    def save(tensors, path: Path) -> None:
        beside.append(len(list(path.parent.parent.glob("step-?"))))
        save_file(tensors, path)

    monkeypatch.setattr("keeping.LARGE_BYTES", 15 * numbers)
    monkeypatch.setattr("states.save_file", save)
    with heard(Attempt(tmp_path / "whole")) as attempt:
        functions.train(technique="dreambooth", train_text_encoder=True, max_train_steps=3, checkpointing_steps=1)
    assert beside == [0, 1, 1]
    assert sorted(path.name for path in attempt.path.glob("states-*/*")) == ["step-2", "step-3"]
    assert (attempt.reported[3] / TENSORS).stat().st_size == pytest.approx(16 * numbers, rel=0.01)
    [snapshot] = attempt.path.glob("snapshots-*/snapshot-3.tar")
    assert snapshot.stat().st_size == pytest.approx(2 * numbers, rel=0.01)


def test_easel_decides_by_steps_and_time():
    seconds = 0.0
    times = StateTimes(None, lambda: seconds)
    seconds = 59.0
    assert not times.is_due(400)
    seconds = 60.0
    assert not times.is_due(49)
    assert times.is_due(50)
    times.count(50)
    seconds = 119.0
    assert not times.is_due(500)
    seconds = 120.0
    assert times.is_due(500)
    with times.writing(500):
        seconds = 160.0
    seconds = 959.0
    assert not times.is_due(2000), "40 s went into the last one: the next is due after 20 times that"
    seconds = 960.0
    assert times.is_due(2000)
    assert [step for step in range(1, 100) if StateTimes(30).is_due(step)] == [30, 60, 90]


def _first_image_sha256() -> str:
    with zipfile.ZipFile(DEMO_ZIP) as archive:
        name = next(name for name in sorted(archive.namelist()) if name.endswith(".png"))
        return hashlib.sha256(archive.read(name)).hexdigest()
