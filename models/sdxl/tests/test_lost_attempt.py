"""A model process that is killed in its training, and another one that goes on: through the runner, as the server does it."""

from __future__ import annotations

import time
from pathlib import Path

from conftest import DEMO_ZIP, ROOT, SHORT, Functions

from runner.files import hash_file
from runner.tests.server import Server, run_command, stored

GIVEN = {**SHORT, "max_train_steps": 6, "checkpointing_steps": 2, "sample_prompts": ["a star"]}
BASE = ROOT / "bases" / "emoji"
PATIENCE_SECONDS = 180


def wait_for(server: Server, attempt: int, type: str, count: int) -> list[dict]:
    """The attempt's events, once `count` of a type are among them."""
    end = time.monotonic() + PATIENCE_SECONDS
    journal = server.attempt_folder(attempt) / "events.jsonl"
    while time.monotonic() < end:
        events = server.journal(attempt) if journal.exists() else []
        if sum(event["type"] == type for event in events) >= count:
            return events
        assert not any(event["type"] == "failed" for event in events), events[-1]
        time.sleep(0.05)
    raise AssertionError(f"no {type} in {PATIENCE_SECONDS} s")


def begin(folder: Path, attempt: int, state: dict | None) -> Server:
    server = Server(folder, "models/sdxl", "--base", str(BASE), "--device", "cpu")
    files = {"input_images": stored(DEMO_ZIP)}
    server.accept().send(**run_command(server, "training", attempt, input=GIVEN, files=files, state=state))
    return server


def test_a_killed_training_is_gone_on_with(functions: Functions, tmp_path_factory):
    whole = functions.train(**GIVEN).result
    first = begin(tmp_path_factory.mktemp("r"), 1, None)
    try:
        wait_for(first, 1, "state", 2)
    finally:
        first.stop()
    reported = [event for event in first.journal() if event["type"] == "state"][-1]
    state = {"path": str(first.attempt_folder(1) / reported["path"]), "step": reported["step"]}
    second = begin(tmp_path_factory.mktemp("r"), 2, state)
    try:
        events = wait_for(second, 2, "done", 1)
    finally:
        second.stop()
    steps = [event["step"] for event in events if event["type"] == "progress" and event["total"] == 6]
    # The kill may fall between the writing of a state and the event that tells of it.
    assert steps[0] in (reported["step"] + 1, reported["step"] + 3)
    assert steps == list(range(steps[0], 7))
    output = next(event for event in events if event["type"] == "output")
    assert output["files"][0]["sha256"] == hash_file(whole)
