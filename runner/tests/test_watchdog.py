"""A training that hangs ends its process, and says where it stood; one that takes its time does not."""

import threading
import time

from runner.tests.conftest import StartServer
from runner.tests.server import run_command
from runner.watchdog import Watchdog


def test_a_training_that_takes_no_turn_is_lost_and_leaves_its_stacks(start_server: StartServer) -> None:
    server = start_server("models/echo", "--hang-seconds", "1")
    connection = server.accept()
    connection.send(**run_command(server, "training", input={"steps": 10, "hang_at": 5}))
    connection.rest()
    assert server.exit_code() == 1
    *_, log, last = server.journal()
    assert last["type"] == "lost"
    assert last["code"] == "hang"
    assert "_go_wrong" in log["text"]


def test_a_training_that_answers_a_long_prediction_does_not_hang(start_server: StartServer) -> None:
    server = start_server("models/echo", "--hang-seconds", "1")
    connection = server.accept()
    connection.send(**run_command(server, "training", 1, input={"steps": 40, "step_seconds": 0.02}))
    connection.take_until("progress")
    connection.send(**run_command(server, "prediction", 2, input={"delay_seconds": 2}))
    ends = [connection.take_all()[-1] for _ in range(2)]
    assert [end["type"] for end in ends] == ["done", "done"]


def hangs(seconds: list[float], pauses: bool = False) -> bool:
    """Whether steps of these lengths are taken for a hang where a fifth of a second of silence is one."""
    hung = threading.Event()
    watchdog = Watchdog(lambda _: hung.set(), 0.2)
    watchdog.turn()
    for length in seconds:
        if pauses:
            watchdog.pause()
        time.sleep(length)
        watchdog.turn()
    watchdog.end()
    return hung.is_set()


def test_what_is_a_hang_depends_on_the_usual_step() -> None:
    assert hangs([0.01, 0.01, 0.6])
    assert not hangs([0.1, 0.1, 0.6])


def test_what_has_a_name_of_its_own_takes_as_long_as_it_takes() -> None:
    assert not hangs([0.6], pauses=True)
