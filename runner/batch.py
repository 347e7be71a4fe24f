"""Several predictions that are answered at once: what is said goes to all of them, or, about one, to that one. Knows nothing
about how they came together."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from runner.listener import RunListener
from runner.logs import LogCapture
from runner.outcome import Canceled


class BatchListener:
    """`listeners` in the order of the calls. A prediction that is canceled ends at once, the others go on."""

    def __init__(self, listeners: list[RunListener], logs: LogCapture) -> None:
        self._all = listeners
        self._spoken_to = listeners
        self._logs = logs

    def turn(self, step: int) -> bool:
        self._all[0].mark_turn()
        for listener in self._all:
            if listener.is_unwanted() and not listener.attempt.over:
                listener.attempt.conclude(("canceled", {}))
        if all(listener.attempt.over for listener in self._all):
            raise Canceled
        return False

    @contextmanager
    def call(self, number: int) -> Iterator[None]:
        before, self._spoken_to = self._spoken_to, [self._all[number]]
        try:
            with self._logs.to(self.log):
                yield
        finally:
            self._spoken_to = before

    @contextmanager
    def room(self, make: object) -> Iterator[None]:
        yield

    def log(self, text: str) -> None:
        for listener in self._spoken_to:
            listener.log(text)

    def stage(self, name: str, done: int | None, total: int | None) -> None:
        for listener in self._spoken_to:
            listener.stage(name, done, total)

    def progress(self, step: int, total: int) -> None:
        for listener in self._spoken_to:
            listener.progress(step, total)

    def metric(self, step: int, values: dict[str, float]) -> None:
        for listener in self._spoken_to:
            listener.metric(step, values)

    def sample(self, path: Path, step: int, prompt: str, seed: int) -> None:
        for listener in self._spoken_to:
            listener.sample(path, step, prompt, seed)

    def artifact(self, path: Path) -> None:
        for listener in self._spoken_to:
            listener.artifact(path)

    def state(self, folder: Path, step: int) -> None:
        for listener in self._spoken_to:
            listener.state(folder, step)

    def state_asked(self) -> bool:
        return False

    def snapshot(self, path: Path, step: int) -> None:
        for listener in self._spoken_to:
            listener.snapshot(path, step)

    def folder(self) -> Path:
        return self._spoken_to[0].folder()

    def resume(self) -> Path | None:
        return None
