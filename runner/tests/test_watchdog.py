"""A training that hangs ends its process, and says where it stood; one that takes its time does not."""

from runner.tests.conftest import StartServer
from runner.tests.server import run_command
from runner.watchdog import Watchdog


def test_a_training_that_takes_no_turn_is_lost_and_leaves_its_stacks(start_server: StartServer) -> None:
    server = start_server("models/echo", "--hang-seconds", "2")
    connection = server.accept()
    connection.send(**run_command(server, "training", input={"steps": 10, "hang_at": 5}))
    connection.rest()
    assert server.exit_code() == 1
    *_, log, last = server.journal()
    assert last["type"] == "lost"
    assert last["code"] == "hang"
    assert "_go_wrong" in log["text"]


def test_a_training_that_answers_a_long_prediction_does_not_hang(start_server: StartServer) -> None:
    server = start_server("models/echo", "--hang-seconds", "2")
    connection = server.accept()
    connection.send(**run_command(server, "training", 1, input={"steps": 40, "step_seconds": 0.02}))
    connection.take_until("progress")
    connection.send(**run_command(server, "prediction", 2, input={"delay_seconds": 3}))
    ends = [connection.take_all()[-1] for _ in range(2)]
    assert [end["type"] for end in ends] == ["done", "done"]


def hangs(seconds: list[float], pauses: bool = False) -> bool:
    """Whether steps of these lengths are taken for a hang where a fifth of a second of silence is one."""
    now = 0.0
    watchdog = Watchdog(lambda _: None, 0.2, lambda: now)
    for length in seconds:
        watchdog.turn()
        if pauses:
            watchdog.pause()
        now += length
    watchdog.end()
    return watchdog.hanging_for() is not None


def test_what_is_a_hang_depends_on_the_usual_step() -> None:
    assert hangs([0.01, 0.01, 0.6])
    assert not hangs([0.1, 0.1, 0.6])


def test_what_has_a_name_of_its_own_takes_as_long_as_it_takes() -> None:
    assert not hangs([0.6], pauses=True)
