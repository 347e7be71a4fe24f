"""A model for the runner's own tests: writes to its output in every way, and stops in every way."""

import contextlib
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator

from cog import BasePredictor, Input, Path

import runner


class Predictor(BasePredictor):
    def setup(self) -> None:
        print("setting up")

    def predict(self, way: str = Input(default="write")) -> list[str]:
        return getattr(self, way)()

    def write(self) -> Iterator[str]:
        print("by print")
        sys.stderr.write("by stderr\n")
        os.write(1, b"by descriptor\n")
        subprocess.run(["echo", "by a child"], check=True)
        for percent in range(0, 101, 10):
            os.write(2, b"\r%3d%%" % percent)
        os.write(2, b"\n")
        os.write(1, b"broken \xff utf-8\n")
        os.write(1, b"x" * 100_000 + b"\n")
        os.write(1, b"no newline")
        yield "one"
        yield "two"

    def slow(self) -> Iterator[str]:
        for number in range(1000):
            time.sleep(0.01)
            yield str(number)

    def late(self) -> list[str]:
        """Takes no turn, but comes to an end."""
        runner.stage("late")
        time.sleep(2)  # for longer than the test takes to cancel it, on a busy machine too
        return ["late"]

    def leave(self) -> Iterator[str]:
        sys.exit(3)

    def crash(self) -> Iterator[str]:
        print("about to crash")
        os.kill(os.getpid(), signal.SIGSEGV)
        yield "never"

    def big(self) -> Iterator[str]:
        yield "x" * 1_000_000

    def same_names(self) -> Iterator[Path]:
        for folder in ("a", "b"):
            path = runner.folder() / folder / "out.txt"
            path.parent.mkdir()
            path.write_text(folder)
            yield Path(path)
        with tempfile.TemporaryDirectory() as elsewhere:
            path = Path(elsewhere, "out.txt")
            path.write_text("c")
            yield path
            runner.artifact(path)

    def full(self) -> Iterator[str]:
        """As if the disk were full, with a model that does not care."""
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
        for step in range(10_000):
            with contextlib.suppress(Exception):
                runner.progress(step, 10_000)
        yield "never"

    def deaf(self) -> Iterator[str]:
        """Never takes a turn, and catches all it can."""
        runner.stage("deaf")
        while True:
            time.sleep(1)
        yield "never"
