"""What a model writes, however it writes it, as lines in the log."""

from runner.logs import CUT_MARK, LINE_BYTES_MAX, LineBuffer
from runner.tests.conftest import StartServer
from runner.tests.server import run_command

NOISY = "runner/tests/models/noisy"


def test_everything_written_is_in_the_log_before_the_end(start_server: StartServer) -> None:
    server = start_server(NOISY)
    connection = server.accept()
    connection.send(**run_command(server, "prediction"))
    events = connection.take_all()
    assert events[-1]["type"] == "done"
    lines = "\n".join(event["text"] for event in events if event["type"] == "log").split("\n")
    cut = lines.pop(-2)
    assert lines == [
        "setting up",
        "by print",
        "by stderr",
        "by descriptor",
        "by a child",
        "100%",
        "broken \ufffd utf-8",
        "no newline",
    ]
    assert cut.endswith(CUT_MARK)
    assert len(cut.encode()) == LINE_BYTES_MAX


def test_stages_show_the_loading(start_server: StartServer) -> None:
    server = start_server(NOISY)
    connection = server.accept()
    connection.send(**run_command(server, "prediction"))
    stages = [event["name"] for event in connection.take_all() if event["type"] == "stage"]
    assert stages == ["loading", "predicting"]


def test_lines_that_come_in_pieces() -> None:
    lines = LineBuffer()
    assert lines.feed(b"a fo") == []
    assert lines.feed("x’s".encode()[:3]) == []
    assert lines.feed("x’s".encode()[3:] + b"\nnext") == ["a fox’s"]
    assert lines.flush() == ["next"]
    assert lines.flush() == []


def test_a_line_that_overwrites_itself_is_its_last_state() -> None:
    lines = LineBuffer()
    assert lines.feed(b"\r 1/3\r 2/3\r 3/3\ndone\r\n\n") == [" 3/3", "done", ""]
    # A bar that erases itself at its end leaves its last visible state.
    assert lines.feed(b"\r 3/3\r    \r\n") == [" 3/3"]


def test_a_state_that_was_shown_is_not_said_again() -> None:
    lines = LineBuffer()
    lines.feed(b"\r 1/3\r 2/3")
    assert lines.show_progress() == [" 2/3"]
    assert lines.show_progress() == []
    assert lines.feed(b"\n") == []
    lines.feed(b"just begun")
    assert lines.show_progress() == []


def test_a_line_without_end_takes_no_memory() -> None:
    lines = LineBuffer()
    for _ in range(100):
        lines.feed(b"\xff" * 10_000)
    (line,) = lines.flush()
    assert len(line.encode()) <= LINE_BYTES_MAX
    assert line.endswith(CUT_MARK)
