"""The server's side of the protocol, for tests: a real socket, a real model process, every line kept."""

import json
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from hashlib import sha256
from pathlib import Path
from typing import Any

from runner.protocol import TERMINAL, parse_report

REPOSITORY = Path(__file__).parents[2]
RUN = "0123456789abcdefghjkmnpqrs"
WAIT_SECONDS = 20


class Server:
    """Listens in `folder`, starts a model process there, and answers nothing by itself."""

    def __init__(self, folder: Path, model: str, *options: str) -> None:
        self.folder = folder
        self.path = folder / "s"
        self.listener: socket.socket | None = None
        self.listen()
        arguments = ["--model", model, "--server", str(self.path), "--process", "p1", "--folder", str(folder / "p1")]
        self.process = subprocess.Popen([sys.executable, "-m", "runner", *arguments, *options], cwd=REPOSITORY)

    def listen(self) -> None:
        self.path.unlink(missing_ok=True)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(self.path))
        self.listener.listen()
        self.listener.settimeout(WAIT_SECONDS)

    def accept(self) -> "Connection":
        """Waits for the process to dial and to say hello."""
        assert self.listener is not None
        return Connection(self.listener.accept()[0])

    def close(self) -> None:
        """The server is gone: nobody listens."""
        assert self.listener is not None
        self.listener.close()
        self.path.unlink()

    def stop(self) -> None:
        if self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait(WAIT_SECONDS)

    def exit_code(self) -> int:
        return self.process.wait(WAIT_SECONDS)

    def attempt_folder(self, attempt: int = 1) -> Path:
        return self.folder / "runs" / RUN / str(attempt)

    def stderr(self) -> str:
        return (self.folder / "p1" / "stderr").read_text()

    def wait_for_stderr(self, words: str) -> None:
        """Returns once `words` stand in what the process wrote there; a process that is told to end may be cut short."""
        deadline = time.monotonic() + WAIT_SECONDS
        while words not in self.stderr():
            assert time.monotonic() < deadline, f"{words!r} never came: {self.stderr()}"
            time.sleep(0.01)

    def journal(self, attempt: int = 1) -> list[dict[str, Any]]:
        lines = (self.attempt_folder(attempt) / "events.jsonl").read_bytes().splitlines(keepends=True)
        return [parse_report(line) for line in lines if line.endswith(b"\n")]


class Connection:
    """One connection of the process. `hello` is its greeting; events come in order by `take`."""

    def __init__(self, accepted: socket.socket) -> None:
        self._socket = accepted
        self._lines: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self.raw = b""
        threading.Thread(target=self._read, daemon=True).start()
        self.hello = self.take()
        assert self.hello["type"] == "hello"
        self.raw = b""

    def take(self) -> dict[str, Any]:
        """The next event, checked against the protocol. What is said of the process alone is passed over."""
        end = time.monotonic() + WAIT_SECONDS
        while (report := self.take_line())["type"] in ("alive", "slots"):
            assert time.monotonic() < end, "the process says nothing but that it lives"
        return report

    def take_line(self) -> dict[str, Any]:
        """The next line, also one that is about no run."""
        line = self._lines.get(timeout=WAIT_SECONDS)
        assert line is not None, "the process hung up"
        report = parse_report(line)
        self.raw += line if report["type"] not in ("alive", "slots") else b""
        return report

    def take_until(self, *types: str) -> list[dict[str, Any]]:
        """All events up to the first of one of `types`."""
        events = [self.take()]
        while events[-1]["type"] not in types:
            assert events[-1]["type"] not in TERMINAL, f"ended before {types}: {events[-1]}"
            events.append(self.take())
        return events

    def take_all(self) -> list[dict[str, Any]]:
        """All events up to the terminal one."""
        return self.take_until(*TERMINAL)

    def rest(self) -> list[dict[str, Any]]:
        """All events that come until the process hangs up."""
        events, end = [], time.monotonic() + WAIT_SECONDS
        while (line := self._lines.get(timeout=WAIT_SECONDS)) is not None:
            assert time.monotonic() < end, "the process does not hang up"
            events.append(parse_report(line))
        return [event for event in events if "seq" in event]

    def send(self, **command: Any) -> None:
        self._socket.sendall(json.dumps(command).encode() + b"\n")

    def say(self, type: str, attempt: int = 1, **fields: Any) -> None:
        """A command about the run of these tests."""
        self.send(type=type, run=RUN, attempt=attempt, **fields)

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _read(self) -> None:
        with self._socket.makefile("rb") as lines:
            try:
                for line in lines:
                    self._lines.put(line)
            except OSError:
                pass  # closed by the test
        self._lines.put(None)


def stored(path: Path) -> dict[str, str]:
    """A local file as the server names it."""
    return {"path": str(path), "sha256": sha256(path.read_bytes()).hexdigest()}


def run_command(server: Server, kind: str, attempt: int = 1, **changes: Any) -> dict[str, Any]:
    """A `run`; a training gets a small file as its archive."""
    files = {}
    if kind == "training":
        archive = server.folder / "data.zip"
        archive.write_bytes(b"sixteen images")
        files["input_images"] = stored(archive)
    folder = str(server.attempt_folder(attempt))
    command = {"type": "run", "id": RUN, "attempt": attempt, "kind": kind, "input": {}, "files": files}
    return {**command, "weights": None, "state": None, "folder": folder, **changes}
