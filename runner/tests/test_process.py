"""How a model process lives with its server: greeting, reconnecting, and each way to end."""

import os
import signal

from runner.tests.conftest import StartServer
from runner.tests.server import RUN, Server, run_command, stored

NOISY = "runner/tests/models/noisy"
ENDLESS = {"steps": 100_000, "step_seconds": 0.01}


def test_greets(server: Server) -> None:
    assert server.accept().hello == {
        "type": "hello",
        "protocol": 1,
        "process": "p1",
        "model": "models/echo",
        "base": None,
        "device": "cpu",
        "pid": server.process.pid,
        "slots": {"train": 1, "predict": 4},
        "loaded": None,
        "runs": [],
    }


def test_says_what_it_cannot_do(start_server: StartServer) -> None:
    assert start_server(NOISY).accept().hello["slots"] == {"train": 0, "predict": 1}


def test_says_that_it_lives_when_there_is_nothing_else_to_say(server: Server) -> None:
    connection = server.accept()
    assert connection.take_line() == {"type": "alive"}


def test_goes_on_without_a_server_and_says_the_rest_to_the_next(server: Server) -> None:
    first = server.accept()
    first.send(**run_command(server, "training", input={"steps": 60, "step_seconds": 0.02}))
    heard = first.take_until("progress")
    server.close()
    first.close()
    server.listen()
    second = server.accept()
    (held,) = second.hello["runs"]
    assert (held["run"], held["attempt"]) == (RUN, 1)
    assert held["lastSeq"] >= heard[-1]["seq"]
    committed = heard[-2]["seq"]
    second.say("ack", seq=committed)
    events = second.take_all()
    assert [event["seq"] for event in events] == list(range(committed + 1, committed + 1 + len(events)))
    assert events[-1]["type"] == "done"
    assert server.journal()[committed:] == events


def test_says_nothing_before_it_knows_what_the_server_has(server: Server) -> None:
    first = server.accept()
    first.send(**run_command(server, "training", input={"steps": 5, "step_seconds": 0.01}))
    first.take_all()
    first.close()
    second = server.accept()
    other = run_command(server, "prediction", 2)
    second.send(**other)
    assert {event["attempt"] for event in second.take_all()} == {2}


def test_keeps_the_last_word_until_it_is_acknowledged(server: Server) -> None:
    first = server.accept()
    first.send(**run_command(server, "prediction"))
    done = first.take_all()[-1]
    first.close()
    second = server.accept()
    assert second.hello["runs"] == [{"run": RUN, "attempt": 1, "lastSeq": done["seq"]}]
    second.say("ack", seq=done["seq"] - 1)
    assert second.take() == done
    second.say("ack", seq=done["seq"])
    second.send(**run_command(server, "prediction", 2))
    last = second.take_all()[-1]
    second.close()
    assert server.accept().hello["runs"] == [{"run": RUN, "attempt": 2, "lastSeq": last["seq"]}]


def test_a_run_told_twice_runs_once(server: Server) -> None:
    connection = server.accept()
    command = run_command(server, "prediction", input={"delay_seconds": 0.2})
    connection.send(**command)
    connection.send(**command)
    connection.take_all()
    connection.send(type="shutdown")
    connection.say("ack", seq=len(server.journal()))
    assert connection.rest() == []
    assert server.stderr() == ""


def test_refused_ends_the_process_without_another_word(server: Server) -> None:
    connection = server.accept()
    connection.send(**run_command(server, "training", input=ENDLESS))
    connection.take_until("progress")
    connection.say("refused")
    ends = connection.rest()
    assert server.exit_code() == 0
    assert not [event for event in ends if event["type"] in ("canceled", "failed", "done")]
    assert server.journal()[-1]["type"] in ("progress", "metric")


def test_refused_ends_a_model_that_takes_no_turns(start_server: StartServer) -> None:
    server = start_server(NOISY)
    connection = server.accept()
    connection.send(**run_command(server, "prediction", input={"way": "deaf"}))
    while connection.take_until("stage")[-1]["name"] != "deaf":
        pass
    connection.say("refused")
    assert server.exit_code() == 0


def test_refused_after_coming_back(server: Server) -> None:
    first = server.accept()
    first.send(**run_command(server, "training", input=ENDLESS))
    first.take_until("progress")
    first.close()
    server.accept().say("refused")
    assert server.exit_code() == 0


def test_refused_spares_another_run(server: Server) -> None:
    connection = server.accept()
    connection.send(**run_command(server, "training", 1, input=ENDLESS))
    connection.take_until("progress")
    connection.send(**run_command(server, "prediction", 2))
    connection.say("refused", 1)
    events = connection.take_until("done")
    assert events[-1]["attempt"] == 2
    connection.say("ack", 2, seq=events[-1]["seq"])
    assert server.exit_code() == 0


def test_shutdown_ends_an_idle_process(server: Server) -> None:
    connection = server.accept()
    connection.send(type="shutdown")
    assert server.exit_code() == 0


def test_shutdown_waits_for_the_run_and_its_acknowledgement(server: Server) -> None:
    connection = server.accept()
    connection.send(**run_command(server, "training", input={"steps": 20, "step_seconds": 0.01}))
    connection.take_until("progress")
    connection.send(type="shutdown")
    done = connection.take_all()[-1]
    assert done["type"] == "done"
    assert server.process.poll() is None
    connection.say("ack", seq=done["seq"])
    assert server.exit_code() == 0


def test_sigterm_ends_it(server: Server) -> None:
    connection = server.accept()
    connection.send(**run_command(server, "training", input=ENDLESS))
    connection.take_until("progress")
    server.process.terminate()
    assert server.exit_code() == -signal.SIGTERM


def test_a_killed_process_leaves_a_journal_to_read(server: Server) -> None:
    connection = server.accept()
    connection.send(**run_command(server, "training", input={"steps": 1000, "state_every": 1, "exit_at": 50}))
    heard = connection.rest()
    assert server.exit_code() == -signal.SIGKILL
    journal = server.journal()
    assert journal[: len(heard)] == heard
    assert [event["step"] for event in journal if event["type"] == "state"] == list(range(1, 50))


def test_a_journal_that_cannot_be_written_ends_the_process(start_server: StartServer) -> None:
    server = start_server(NOISY)
    connection = server.accept()
    connection.send(**run_command(server, "prediction", input={"way": "full"}))
    connection.rest()
    assert server.exit_code() == 1
    assert "JournalBroken" in server.stderr()
    journal = server.journal()
    assert [event["seq"] for event in journal] == list(range(1, len(journal) + 1))
    assert journal[-1]["type"] == "progress"


def test_a_crash_leaves_its_stacks(start_server: StartServer) -> None:
    server = start_server(NOISY)
    connection = server.accept()
    connection.send(**run_command(server, "prediction", input={"way": "crash"}))
    connection.rest()
    assert server.exit_code() == -signal.SIGSEGV
    assert "Segmentation fault" in server.stderr()
    assert "predict.py" in server.stderr()


def test_sigusr1_writes_the_stacks_of_a_model_that_hangs(server: Server) -> None:
    connection = server.accept()
    connection.send(**run_command(server, "training", input={"steps": 10, "hang_at": 3}))
    while connection.take_until("metric")[-1]["step"] != 2:
        pass
    os.kill(server.process.pid, signal.SIGUSR1)
    server.wait_for_stderr("_go_wrong")
    connection.say("refused")
    assert server.exit_code() == 0


def test_ends_when_it_has_been_alone(start_server: StartServer) -> None:
    server = start_server("models/echo", "--alone-seconds", "0.5")
    connection = server.accept()
    connection.send(**run_command(server, "training", input={"steps": 100, "step_seconds": 0.01}))
    connection.take_until("progress")
    server.close()
    connection.close()
    assert server.exit_code() == 0
    # It went on to the end of its run first.
    assert server.journal()[-1]["type"] == "done"
    assert "no server for 0.5 s" in server.stderr()


def test_lives_through_a_line_it_does_not_know(server: Server) -> None:
    connection = server.accept()
    connection.send(type="dance")
    connection.send(**run_command(server, "prediction"))
    assert connection.take_all()[-1]["type"] == "done"
    assert "unknown type 'dance'" in server.stderr()


def test_a_model_that_is_not_there_says_so(start_server: StartServer) -> None:
    server = start_server("models/nothing")
    assert server.exit_code() == 1
    assert "cog.yaml: there is none" in server.stderr()


def test_loads_before_it_is_asked_and_says_what_it_holds(server: Server) -> None:
    connection = server.accept()
    assert connection.hello["loaded"] is None
    connection.send(type="load", weights=None)
    while (line := connection.take_line())["type"] == "alive":
        pass
    assert line == {"type": "slots", "train": 1, "predict": 4, "loaded": {"weights": None}}
    connection.send(**run_command(server, "prediction"))
    stages = [event["name"] for event in connection.take_all() if event["type"] == "stage"]
    assert stages == ["predicting"]


def test_weights_that_cannot_be_loaded_leave_it_able_to_work(server: Server) -> None:
    damaged = server.folder / "damaged.tar"
    damaged.write_bytes(b"no tar")
    connection = server.accept()
    connection.send(type="load", weights=stored(damaged))
    while (line := connection.take_line())["type"] != "slots":
        pass
    assert line["loaded"] is None
    server.wait_for_stderr("ReadError")
    connection.send(**run_command(server, "prediction"))
    assert connection.take_all()[-1]["type"] == "done"
