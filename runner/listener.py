"""Makes events of what a model reports during a run, and takes turns with it. Knows nothing about how the run began."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from runner.attempt import Attempt
from runner.files import keep_file, keep_folder
from runner.outcome import Canceled


class RunListener:
    """Each method is described in `report.py`. `artifacts` holds the reported ones by name."""

    def __init__(self, attempt: Attempt) -> None:
        self._attempt = attempt
        self._folder = attempt.folder
        self._quiet = False
        self.artifacts: dict[str, Path] = {}

    def turn(self, step: int) -> bool:
        # Here, and only here, a later runner asks for a training state or answers predictions that wait.
        self.obey()
        # What a training is to end early for, a prediction beside it is not.
        return self._attempt.keep_wished and not self._quiet

    def obey(self) -> None:
        """Raises Canceled when the run is to stop."""
        if self._attempt.cancel_wished or self._attempt.refused:
            raise Canceled

    @contextmanager
    def aside(self, name: str) -> Iterator[None]:
        """A prediction that is part of a training: it writes into a folder of its own, and its progress is not the
        training's."""
        self._folder, self._quiet = self._attempt.folder / name, True
        self._folder.mkdir(exist_ok=True)
        try:
            yield
        finally:
            self._folder, self._quiet = self._attempt.folder, False

    def stage(self, name: str, done: int | None, total: int | None) -> None:
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
            self._report("state", step=int(step), path=keep_folder(folder, self._attempt.folder))

    def snapshot(self, path: Path, step: int) -> None:
        self._report_file("snapshot", path, step=int(step))

    def folder(self) -> Path:
        return self._folder

    def resume(self) -> Path | None:
        state = self._attempt.command.state
        return Path(state.path) if state else None

    def _report_file(self, type: str, path: Path, **fields: object) -> None:
        if not self._quiet:
            self._report(type, **fields, file=keep_file(path, self._attempt.folder))

    def _report(self, type: str, **fields: object) -> None:
        if not self._quiet:
            self._attempt.report(type, **fields)
