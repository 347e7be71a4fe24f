"""A real model process with the echo model, from the server's side of the socket."""

from runner.tests.server import RUN, Server, run_command


def test_greets(server: Server) -> None:
    hello = server.accept().hello
    assert hello["pid"] == server.process.pid
    assert {key: hello[key] for key in ("protocol", "process", "model", "base", "device", "slots", "runs")} == {
        "protocol": 1,
        "process": "p1",
        "model": "models/echo",
        "base": None,
        "device": "cpu",
        "slots": {"train": 1, "predict": 1},
        "runs": [],
    }


def test_answers_a_prediction(server: Server) -> None:
    connection = server.accept()
    connection.send(**run_command(server, "prediction", input={"text": "fox", "repeat": 2, "format": "txt"}))
    events = connection.take_all()
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert events[-1]["type"] == "done"
    output = next(event for event in events if event["type"] == "output")
    assert [file["name"] for file in output["files"]] == ["out-0.txt", "out-1.txt"]
    assert all((server.attempt_folder() / file["path"]).read_text() == "fox" for file in output["files"])
    assert "echo: fox" in [event["text"] for event in events if event["type"] == "log"]
    assert connection.raw == (server.attempt_folder() / "events.jsonl").read_bytes()
    assert events[0]["run"] == RUN


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
    output = next(event for event in events if event["type"] == "output")
    assert [file["contentType"] for file in output["files"]] == ["application/x-tar"]
