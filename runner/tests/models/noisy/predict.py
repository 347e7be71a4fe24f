"""A model for the runner's own tests: writes to its output in every way, and stops in every way."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

from cog import BasePredictor, Input

import runner


class Predictor(BasePredictor):
    def setup(self) -> None:
        print("setting up")

    def predict(self, way: str = Input(default="write")) -> Iterator[str]:
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

    def leave(self) -> Iterator[str]:
        sys.exit(3)

    def crash(self) -> Iterator[str]:
        print("about to crash")
        os.kill(os.getpid(), signal.SIGSEGV)
        yield "never"

    def big(self) -> Iterator[str]:
        yield "x" * 1_000_000

    def deaf(self) -> Iterator[str]:
        """Never takes a turn, and catches all it can."""
        runner.stage("deaf")
        while True:
            time.sleep(1)
        yield "never"
