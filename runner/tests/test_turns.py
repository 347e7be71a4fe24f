"""Predictions that are answered between the steps of a training, and predictions that are answered together."""

from collections.abc import Callable
from typing import Any

import pytest

from runner.tests.conftest import StartServer
from runner.tests.server import RUN, Connection, Server, run_command

NOISY = "runner/tests/models/noisy"
STEPS = {"steps": 60, "step_seconds": 0.02}
# Ends when it is told to, however long the machine makes a test wait.
ENDLESS = {"steps": 100_000, "step_seconds": 0.02}


def predict(server: Server, attempt: int, run: str = RUN, **given: Any) -> dict[str, Any]:
    folder = str(server.folder / "runs" / run / str(attempt))
    return run_command(server, "prediction", attempt, id=run, folder=folder, input={"format": "txt", **given})


def name(number: int) -> str:
    """The id of another run."""
    return f"{number:026d}"


def by_run(events: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    return {run: [event for event in events if event["run"] == run] for run in dict.fromkeys(e["run"] for e in events)}


def take_ends(connection: Connection, count: int) -> list[dict[str, Any]]:
    """All events until as many runs have ended."""
    events: list[dict[str, Any]] = []
    while count:
        events.append(connection.take())
        count -= events[-1]["type"] in ("done", "failed", "canceled")
    return events


def hold_up(server: Server, connection: Connection) -> None:
    """Keeps the process busy with the prediction 1 until it is let go: what is sent meanwhile waits together."""
    connection.send(**predict(server, 1, name(1), delay_seconds=600))
    connection.take_until("stage")


def let_go(connection: Connection) -> None:
    connection.send(type="cancel", run=name(1), attempt=1)


def texts(events: list[dict[str, Any]]) -> str:
    return "\n".join(event["text"] for event in events if event["type"] == "log")


def weights_of(server: Server, folder: str) -> bytes:
    return (server.folder / "runs" / folder / "1" / "trained_model.tar").read_bytes()


def test_answers_between_steps_and_trains_the_same_bytes(server: Server) -> None:
    connection = server.accept()
    connection.send(**run_command(server, "training", input=STEPS))
    connection.take_all()
    alone = weights_of(server, RUN)
    folder = str(server.folder / "runs" / name(1) / "1")
    connection.send(**run_command(server, "training", id=name(1), folder=folder, input=STEPS))
    connection.take_until("progress")
    connection.send(**predict(server, 1, name(2), text="fox"))
    connection.send(**predict(server, 1, name(3), fail="no fox"))
    said = by_run(take_ends(connection, 3))
    assert [said[run][-1]["type"] for run in (name(2), name(3), name(1))] == ["done", "failed", "done"]
    # Both in one process, and each in its own journal.
    assert "fox" in texts(said[name(2)])
    assert "fox" not in texts(said[name(1)])
    assert "no fox" in texts(said[name(3)])
    assert [event["step"] for event in said[name(1)] if event["type"] == "progress"] == list(range(2, 61))
    assert weights_of(server, name(1)) == alone


@pytest.mark.parametrize("makes_room", [True, False])
def test_says_what_it_can_take_while_it_trains(server: Server, makes_room: bool) -> None:
    connection = server.accept()
    connection.send(**run_command(server, "training", input={**ENDLESS, "makes_room": makes_room}))
    # Changes that follow each other quickly are said as one: what counts is the last word.
    said = take_lines(connection, until=lambda said: said[-1]["type"] == "progress")
    assert predict_slots(said)[-1] == (4 if makes_room else 0)
    connection.say("stop-and-keep")
    take_lines(connection, until=lambda said: "done" in types(said) and predict_slots(said)[-1:] == [4])
    assert connection.hello["slots"] == {"train": 1, "predict": 4}


def take_lines(connection: Connection, until: Callable[[list[dict[str, Any]]], bool]) -> list[dict[str, Any]]:
    said = [connection.take_line()]
    while not until(said):
        said.append(connection.take_line())
    return said


def types(said: list[dict[str, Any]]) -> set[str]:
    return {line["type"] for line in said}


def predict_slots(said: list[dict[str, Any]]) -> list[int]:
    return [line["predict"] for line in said if line["type"] == "slots"]


def test_a_training_without_room_is_waited_for(server: Server) -> None:
    connection = server.accept()
    connection.send(**run_command(server, "training", input={**ENDLESS, "makes_room": False}))
    connection.take_until("progress")
    connection.send(**predict(server, 1, name(2)))
    connection.send(**predict(server, 1, name(3)))
    connection.send(type="cancel", run=name(3), attempt=1)
    # One that waits is canceled at once, whatever else is under way.
    assert take_ends(connection, 1)[-1]["run"] == name(3)
    connection.say("stop-and-keep")
    ends = [event["run"] for event in take_ends(connection, 2) if event["type"] == "done"]
    assert ends == [RUN, name(2)]


def test_a_training_that_is_canceled_before_it_begins_takes_nobodys_place(server: Server) -> None:
    connection = server.accept()
    connection.send(**predict(server, 1, name(1)))
    take_lines(connection, until=lambda said: {"done", "slots"} <= types(said))
    connection.send(**predict(server, 1, name(2), delay_seconds=600))
    folder = str(server.folder / "runs" / name(3) / "1")
    connection.send(**run_command(server, "training", id=name(3), folder=folder, input=STEPS))
    for number in (3, 2):
        connection.send(type="cancel", run=name(number), attempt=1)
    connection.send(**predict(server, 1, name(4)))
    said = take_lines(connection, until=lambda said: said[-1]["type"] == "done")
    assert {line["run"] for line in said if line["type"] == "canceled"} == {name(3), name(2)}
    # From its sending on the server took it that the training makes no room, until it hears of this.
    assert predict_slots(said) == [4]


def test_a_prediction_is_canceled_and_the_training_goes_on(server: Server) -> None:
    connection = server.accept()
    connection.send(**run_command(server, "training", input=STEPS))
    connection.take_until("progress")
    connection.send(**predict(server, 1, name(2), delay_seconds=600))
    while connection.take()["run"] != name(2):
        pass
    connection.send(type="cancel", run=name(2), attempt=1)
    said = by_run(take_ends(connection, 2))
    assert said[name(2)][-1]["type"] == "canceled"
    assert said[RUN][-1]["type"] == "done"


def test_a_training_is_canceled_while_it_makes_room(server: Server) -> None:
    connection = server.accept()
    connection.send(**run_command(server, "training", input=ENDLESS))
    connection.take_until("progress")
    connection.send(**predict(server, 1, name(2), delay_seconds=0.3))
    while connection.take()["run"] != name(2):
        pass
    connection.say("cancel")
    said = by_run(take_ends(connection, 2))
    assert (said[name(2)][-1]["type"], said[RUN][-1]["type"]) == ("done", "canceled")


def test_those_that_wait_are_answered_together(server: Server) -> None:
    connection = server.accept()
    hold_up(server, connection)
    for number in (2, 3, 4):
        connection.send(**predict(server, 1, name(number), delay_seconds=0.25, text=f"words {number}"))
    connection.send(**predict(server, 1, name(5), delay_seconds=0.1))
    let_go(connection)
    said = by_run(take_ends(connection, 5))
    assert [said[name(number)][-1]["type"] for number in range(1, 6)] == ["canceled", *["done"] * 4]
    begun = {run: next(event["at"] for event in events if event["type"] == "stage") for run, events in said.items()}
    ended = {run: events[-1]["at"] for run, events in said.items()}
    # 5 has another key.
    assert max(begun[name(number)] for number in (2, 3, 4)) < min(ended[name(number)] for number in (2, 3, 4))
    assert begun[name(5)] >= max(ended[name(number)] for number in (2, 3, 4))
    for number in (2, 3, 4):
        assert texts(said[name(number)]) == f"echo: words {number}"
        folder = server.folder / "runs" / name(number) / "1"
        (output,) = (event for event in said[name(number)] if event["type"] == "output")
        assert (folder / output["files"][0]["path"]).read_text() == f"words {number}"


def test_each_of_those_together_ends_by_itself(server: Server) -> None:
    connection = server.accept()
    hold_up(server, connection)
    for number, given in ((2, {}), (3, {"fail": "no fox"}), (4, {})):
        connection.send(**predict(server, 1, name(number), delay_seconds=3, **given))
    let_go(connection)
    while (event := connection.take())["run"] != name(4) or event["type"] != "stage":
        pass
    connection.send(type="cancel", run=name(2), attempt=1)
    ends = [e for e in take_ends(connection, 3) if e["type"] in ("done", "failed", "canceled")]
    # The canceled one does not wait for the others.
    assert ends[0]["run"] == name(2)
    assert {event["run"]: event["type"] for event in ends} == {
        name(2): "canceled",
        name(3): "failed",
        name(4): "done",
    }


def test_what_fails_together_is_tried_one_after_the_other(start_server: StartServer) -> None:
    server = start_server("runner/tests/models/crowded")
    connection = server.accept()
    for number, given in ((1, {"hold": True}), (2, {}), (3, {}), (4, {})):
        folder = str(server.folder / name(number))
        connection.send(**run_command(server, "prediction", id=name(number), folder=folder, input=given))
    let_go(connection)
    said = by_run(take_ends(connection, 4))
    assert [said[name(number)][-1]["type"] for number in (2, 3, 4)] == ["done"] * 3
    assert "together did not work" in texts(said[name(3)])


def test_a_second_try_is_nobodys_company(server: Server) -> None:
    connection = server.accept()
    hold_up(server, connection)
    connection.send(**predict(server, 1, name(2), delay_seconds=0.25))
    connection.send(**predict(server, 2, name(3), delay_seconds=0.25))
    let_go(connection)
    said = by_run(take_ends(connection, 3))
    assert said[name(2)][-1]["at"] <= said[name(3)][0]["at"]


def test_writes_a_training_state_when_it_is_asked_for(server: Server) -> None:
    connection = server.accept()
    connection.send(**run_command(server, "training", input=ENDLESS))
    states = []
    for asked in ("2026-11-23T06:40:00.123Z", "2026-11-23T06:40:00.123Z", "2026-11-23T06:41:00.123Z"):
        connection.take_until("progress")
        connection.say("save-state", asked=asked)
        if asked not in states:
            connection.take_until("state")
            states.append(asked)
    connection.say("stop-and-keep")
    # The same wish, said again, was heard once.
    assert "state" not in [event["type"] for event in connection.take_all()]
    assert len(list(server.attempt_folder().glob("state-*"))) == 2
