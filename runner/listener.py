"""Makes events of what a model reports during a run, and takes turns with it. Knows nothing about how the run began."""

import math
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

from runner.attempt import Attempt
from runner.files import keep_file, keep_folder
from runner.outcome import Canceled
from runner.report import Room
from runner.watchdog import Watchdog


class RunListener:
    """Each method is described in `report.py`. `artifacts` holds the reported ones by name. `watchdog`, that of a training,
    is told of the turns."""

    def __init__(self, attempt: Attempt, watchdog: Watchdog | None = None) -> None:
        self.attempt = attempt
        self._watchdog = watchdog
        self._folder = attempt.folder
        self._quiet = False
        self.artifacts: dict[str, Path] = {}

    def turn(self, step: int) -> bool:
        self.mark_turn()
        self.obey()
        # What a training is to end early for, a prediction beside it is not.
        return self.attempt.keep_wished and not self._quiet

    def mark_turn(self) -> None:
        if self._watchdog:
            self._watchdog.turn()

    def obey(self) -> None:
        """Raises Canceled when the run is to stop."""
        if self.is_unwanted():
            raise Canceled

    def is_unwanted(self) -> bool:
        return self.attempt.cancel_wished or self.attempt.refused

    def room(self, make: Room) -> AbstractContextManager[None]:
        return nullcontext()

    def call(self, number: int) -> AbstractContextManager[None]:
        return nullcontext()

    def log(self, text: str) -> None:
        self.attempt.report("log", text=text)

    @contextmanager
    def aside(self, name: str) -> Iterator[None]:
        """A prediction that is part of a training: it writes into a folder of its own, and its progress is not the
        training's."""
        self._folder, self._quiet = self.attempt.folder / name, True
        self._folder.mkdir(exist_ok=True)
        try:
            yield
        finally:
            self._folder, self._quiet = self.attempt.folder, False

    def stage(self, name: str, done: int | None, total: int | None) -> None:
        if self._watchdog:
            self._watchdog.pause()
        counts = {key: int(value) for key, value in (("done", done), ("total", total)) if value is not None}
        self._report("stage", name=name, **counts)

    def progress(self, step: int, total: int) -> None:
        self._report("progress", step=int(step), total=int(total))

    def metric(self, step: int, values: dict[str, float]) -> None:
        numbers = {name: float(value) for name, value in values.items()}
        finite = {name: number if math.isfinite(number) else None for name, number in numbers.items()}
        self._report("metric", step=int(step), values=finite)

    def sample(self, path: Path, step: int, prompt: str, seed: int) -> None:
        self._report_file("sample", path, step=int(step), prompt=prompt, seed=int(seed))

    def artifact(self, path: Path) -> None:
        if not self._quiet:
            self.artifacts[path.name] = path
        self._report_file("artifact", path)

    def state(self, folder: Path, step: int) -> None:
        if not self._quiet:
            self._report("state", step=int(step), path=keep_folder(folder, self.attempt.folder))

    def state_asked(self) -> bool:
        return not self._quiet and self.attempt.take_state_wish()

    def snapshot(self, path: Path, step: int) -> None:
        self._report_file("snapshot", path, step=int(step))

    def folder(self) -> Path:
        return self._folder

    def resume(self) -> Path | None:
        state = self.attempt.command.state
        return Path(state.path) if state else None

    def _report_file(self, type: str, path: Path, **fields: object) -> None:
        if not self._quiet:
            self._report(type, **fields, file=keep_file(path, self.attempt.folder))

    def _report(self, type: str, **fields: object) -> None:
        if not self._quiet:
            self.attempt.report(type, **fields)


class TrainingListener(RunListener):
    """A training's. Between its steps `answer` may be called, with how to make room; `room_changed` when that has become
    possible, or is no longer."""

    def __init__(
        self, attempt: Attempt, answer: Callable[[Room], None], room_changed: Callable[[], None], watchdog: Watchdog
    ) -> None:
        super().__init__(attempt, watchdog)
        self._answer = answer
        self._room_changed = room_changed
        self._rooms: list[Room] = []

    @property
    def has_room(self) -> bool:
        return bool(self._rooms)

    def turn(self, step: int) -> bool:
        self.obey()
        if self._rooms and not self._quiet:
            self._answer(self._rooms[-1])
        return super().turn(step)

    @contextmanager
    def room(self, make: Room) -> Iterator[None]:
        self._rooms.append(make)
        self._room_changed()
        try:
            yield
        finally:
            self._rooms.pop()
            self._room_changed()
