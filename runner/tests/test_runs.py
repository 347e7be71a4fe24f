"""How a run begins, goes on and ends, with a real model process."""

import json
from hashlib import sha256

from runner.tests.conftest import StartServer
from runner.tests.server import RUN, Server, run_command, stored

NOISY = "runner/tests/models/noisy"


def test_answers_a_prediction(server: Server) -> None:
    connection = server.accept()
    connection.send(**run_command(server, "prediction", input={"text": "fox", "repeat": 2, "format": "txt"}))
    events = connection.take_all()
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert events[-1]["type"] == "done"
    (output,) = (event for event in events if event["type"] == "output")
    assert [file["name"] for file in output["files"]] == ["out-0.txt", "out-1.txt"]
    for file in output["files"]:
        content = (server.attempt_folder() / file["path"]).read_bytes()
        assert content == b"fox"
        assert (file["size"], file["sha256"]) == (3, sha256(b"fox").hexdigest())
        assert file["contentType"] == "text/plain"
    assert "echo: fox" in [event["text"] for event in events if event["type"] == "log"]


def test_the_journal_holds_what_was_sent(server: Server) -> None:
    connection = server.accept()
    connection.send(**run_command(server, "training", input={"steps": 20, "sample_every": 5}))
    connection.take_all()
    assert connection.raw == (server.attempt_folder() / "events.jsonl").read_bytes()


def test_an_iterators_outputs_are_told_as_they_come(start_server: StartServer) -> None:
    server = start_server(NOISY)
    connection = server.accept()
    connection.send(**run_command(server, "prediction"))
    events = connection.take_all()
    assert [event["value"] for event in events if event["type"] == "chunk"] == ["one", "two"]
    assert "output" not in [event["type"] for event in events]


def test_outputs_of_one_name_are_told_apart(start_server: StartServer) -> None:
    server = start_server(NOISY)
    connection = server.accept()
    connection.send(**run_command(server, "prediction", input={"way": "same_names"}))
    files = [event["file"] for event in connection.take_all() if event["type"] == "chunk"]
    assert [file["name"] for file in files] == ["out.txt", "out-1.txt", "out-2.txt"]
    texts = [(server.attempt_folder() / file["path"]).read_text() for file in files]
    assert texts == ["a", "b", "c"]


def test_trains_and_checks_the_weights(server: Server) -> None:
    connection = server.accept()
    connection.send(**run_command(server, "training", input={"steps": 4, "sample_every": 2, "state_every": 2}))
    events = connection.take_all()
    assert [event["type"] for event in events if event["type"] != "log"] == [
        "stage",
        *["progress", "metric"],
        *["progress", "metric", "sample", "snapshot", "state"],
        *["progress", "metric"],
        *["progress", "metric", "sample", "snapshot", "state"],
        *["stage", "artifact", "stage", "artifact", "output", "done"],
    ]
    assert [event["name"] for event in events if event["type"] == "stage"] == ["training", "saving", "checking"]
    artifacts = [event["file"]["name"] for event in events if event["type"] == "artifact"]
    assert artifacts == ["model_card.json", "check-0.png"]
    # The check's prediction takes the card's own defaults.
    assert "an echo of TOK" in "\n".join(event["text"] for event in events if event["type"] == "log")
    assert file_of(events, "trained_model.tar")["contentType"] == "application/x-tar"


def test_predicts_with_trained_weights_and_without_again(server: Server) -> None:
    connection = server.accept()
    connection.send(**run_command(server, "training", input={"token_string": "FOX"}))
    weights = server.attempt_folder() / file_of(connection.take_all(), "trained_model.tar")["path"]
    texts = []
    for attempt, loaded in ((2, stored(weights)), (3, None)):
        command = run_command(server, "prediction", attempt, weights=loaded, input={"format": "txt"})
        connection.send(**command)
        connection.take_all()
        texts.append((server.attempt_folder(attempt) / "out-0.txt").read_text())
    assert texts[0].startswith("FOX ")
    assert texts[1] == "hello"


def test_weights_that_cannot_be_used_fail_the_training(server: Server) -> None:
    connection = server.accept()
    connection.send(**run_command(server, "training", input={"spoil_weights": True}))
    events = connection.take_all()
    assert (events[-1]["type"], events[-1]["code"]) == ("failed", "weights_unusable")
    assert not [event for event in events if event["type"] == "output"]


def test_a_failure_is_a_sentence_and_its_traceback_is_in_the_log(server: Server) -> None:
    connection = server.accept()
    connection.send(**run_command(server, "prediction", input={"fail": "no more paint"}))
    *events, failed = connection.take_all()
    assert failed["code"] == "model_error"
    assert failed["error"] == "The model failed with ValueError: no more paint. Read in the run's log where that was."
    log = "\n".join(event["text"] for event in events if event["type"] == "log")
    assert "Traceback" in log
    # The process is none the worse for it.
    connection.send(**run_command(server, "prediction", 2))
    assert connection.take_all()[-1]["type"] == "done"


def test_a_failure_that_the_model_names(server: Server) -> None:
    connection = server.accept()
    connection.send(**run_command(server, "training", input={"fail_at": 3}))
    failed = connection.take_all()[-1]
    assert (failed["code"], failed["error"]) == ("echo_failed", "Echo was told to fail at step 3. Leave out fail_at.")


def test_a_model_that_exits_fails_its_run_only(start_server: StartServer) -> None:
    server = start_server(NOISY)
    connection = server.accept()
    connection.send(**run_command(server, "prediction", input={"way": "leave"}))
    assert connection.take_all()[-1]["code"] == "model_error"
    connection.send(**run_command(server, "prediction", 2))
    assert connection.take_all()[-1]["type"] == "done"


def test_an_output_over_a_megabyte_has_to_be_a_file(start_server: StartServer) -> None:
    server = start_server(NOISY)
    connection = server.accept()
    connection.send(**run_command(server, "prediction", input={"way": "big"}))
    assert connection.take_all()[-1]["code"] == "output_too_large"


def test_input_that_does_not_fit(server: Server) -> None:
    connection = server.accept()
    archive = server.folder / "data.zip"
    cases = [
        ({"input": {"colour": "red"}}, "input_invalid", "There is no input named colour. Leave it out."),
        ({"files": {}}, "input_invalid", "The input input_images is required. Give it."),
        (
            {"files": {"input_images": {"path": str(archive), "sha256": "0" * 64}}},
            "file_damaged",
            "The file of the input input_images is not what was stored. Upload it again.",
        ),
    ]
    for attempt, (changes, code, error) in enumerate(cases, 1):
        connection.send(**run_command(server, "training", attempt, **changes))
        failed = connection.take_all()[-1]
        assert (failed["code"], failed["error"]) == (code, error)


def test_a_resumed_training_gives_the_same_weights(server: Server) -> None:
    connection = server.accept()
    settings = {"steps": 7, "state_every": 2}
    connection.send(**run_command(server, "training", 1, input=settings))
    whole = connection.take_all()
    state = next(event for event in whole if event["type"] == "state" and event["step"] == 4)
    resume = {"path": str(server.attempt_folder(1) / state["path"]), "step": 4}
    connection.send(**run_command(server, "training", 2, input=settings, state=resume))
    resumed = connection.take_all()
    assert [event["step"] for event in resumed if event["type"] == "progress"] == [5, 6, 7]
    assert file_of(resumed, "trained_model.tar")["sha256"] == file_of(whole, "trained_model.tar")["sha256"]
    card = json.loads((server.attempt_folder(2) / "model_card.json").read_text())
    assert card["resumed_from"] == 4


def test_cancels_at_the_next_turn(server: Server) -> None:
    connection = server.accept()
    connection.send(**run_command(server, "training", input={"steps": 100_000, "step_seconds": 0.01}))
    connection.take_until("progress")
    connection.say("cancel")
    events = connection.take_all()
    assert events[-1]["type"] == "canceled"
    assert not [event for event in events if event["type"] == "output"]


def test_cancels_between_an_iterators_outputs(start_server: StartServer) -> None:
    server = start_server(NOISY)
    connection = server.accept()
    connection.send(**run_command(server, "prediction", input={"way": "slow"}))
    connection.take_until("stage")
    connection.say("cancel")
    assert connection.take_all()[-1]["type"] == "canceled"


def test_cancels_a_model_that_took_no_turn(start_server: StartServer) -> None:
    server = start_server(NOISY)
    connection = server.accept()
    connection.send(**run_command(server, "prediction", input={"way": "late"}))
    while connection.take_until("stage")[-1]["name"] != "late":
        pass
    connection.say("cancel")
    assert [event["type"] for event in connection.take_all() if event["type"] != "log"] == ["canceled"]


def test_cancels_a_run_that_waits_its_turn(server: Server) -> None:
    connection = server.accept()
    endless = {"steps": 100_000, "step_seconds": 0.01, "makes_room": False}
    connection.send(**run_command(server, "training", 1, input=endless))
    connection.take_until("progress")
    connection.send(**run_command(server, "prediction", 2))
    connection.say("cancel", 2)
    events = connection.take_all()
    connection.say("cancel", 1)
    assert [event["type"] for event in events if event["attempt"] == 2] == ["canceled"]
    assert connection.take_all()[-1]["attempt"] == 1


def test_stop_and_keep_ends_early_with_a_result(server: Server) -> None:
    connection = server.accept()
    connection.send(**run_command(server, "training", input={"steps": 100_000, "step_seconds": 0.01}))
    connection.take_until("progress")
    connection.say("stop-and-keep")
    events = connection.take_all()
    assert events[-1]["type"] == "done"
    assert file_of(events, "trained_model.tar")["size"] > 0
    # The check's prediction was not ended early with it.
    assert "check-0.png" in [event["file"]["name"] for event in events if event["type"] == "artifact"]


def file_of(events: list[dict], name: str) -> dict:
    """An output's file by its name."""
    (output,) = (event for event in events if event["type"] == "output")
    assert output["run"] == RUN
    return next(file for file in output["files"] if file["name"] == name)
