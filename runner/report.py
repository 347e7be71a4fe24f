"""What a model calls during a run, and a null object that answers outside one. Knows nothing about events or files on
the wire; `run.py` does."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cache
from pathlib import Path
from typing import Protocol

# Makes a context in which predictions may use what a training uses.
Room = Callable[[], AbstractContextManager[None]]


def turn(step: int) -> bool:
    """Call between steps, and between pictures: the only place where the runner steps in. True: end early and keep the
    result. Raises `Canceled` when the run is to stop."""
    return _listener.turn(step)


def room(make: Room = nullcontext) -> AbstractContextManager[None]:
    """`with runner.room(make):` around steps of a training: between two of them `turn()` may answer predictions that wait
    for this process, inside `make()`, which takes the training's marks off what both use and puts them back. A training that
    changes what predictions need opens no room, and they wait for its end, or go elsewhere."""
    return _listener.room(make)


def call(number: int) -> AbstractContextManager[None]:
    """`with runner.call(number):` in `predict_together()`: what is printed and reported in it is about that call alone; all
    else is about each of them."""
    return _listener.call(number)


def stage(name: str, done: int | None = None, total: int | None = None) -> None:
    """What the run is at (`preparing`, `training`, `saving`), with `done` of `total` parts where they can be counted."""
    _listener.stage(name, done, total)


def progress(step: int, total: int) -> None:
    """`step` of `total` steps are done."""
    _listener.progress(step, total)


def metric(step: int, **values: float) -> None:
    """Measured numbers as of `step`, such as `loss`. NaN and infinity, which JSON lacks, become null."""
    _listener.metric(step, values)


def sample(path: str | Path, step: int, prompt: str, seed: int) -> None:
    """A picture made while training."""
    _listener.sample(Path(path), step, prompt, seed)


def artifact(path: str | Path) -> None:
    """Another file worth keeping, such as `model_card.json`."""
    _listener.artifact(Path(path))


def state(folder: str | Path, step: int) -> None:
    """A training state: a folder inside `folder()` with all that a resume after `step` needs. Complete when reported."""
    _listener.state(Path(folder), step)


def state_asked() -> bool:
    """True, once, when somebody asked for a training state: write one after this step."""
    return _listener.state_asked()


def snapshot(path: str | Path, step: int) -> None:
    """The trained weights as of `step`."""
    _listener.snapshot(Path(path), step)


def folder() -> Path:
    """Where to write: the attempt's folder; outside a run a temporary one."""
    return _listener.folder()


def resume() -> Path | None:
    """The newest training state of an earlier attempt, or None: start from the beginning."""
    return _listener.resume()


class Listener(Protocol):
    def turn(self, step: int) -> bool: ...
    def room(self, make: Room) -> AbstractContextManager[None]: ...
    def call(self, number: int) -> AbstractContextManager[None]: ...
    def stage(self, name: str, done: int | None, total: int | None) -> None: ...
    def progress(self, step: int, total: int) -> None: ...
    def metric(self, step: int, values: dict[str, float]) -> None: ...
    def sample(self, path: Path, step: int, prompt: str, seed: int) -> None: ...
    def artifact(self, path: Path) -> None: ...
    def state(self, folder: Path, step: int) -> None: ...
    def state_asked(self) -> bool: ...
    def snapshot(self, path: Path, step: int) -> None: ...
    def folder(self) -> Path: ...
    def resume(self) -> Path | None: ...


class Nobody:
    """Listens outside a run."""

    def turn(self, step: int) -> bool:
        return False

    def room(self, make: Room) -> AbstractContextManager[None]:
        return nullcontext()

    def call(self, number: int) -> AbstractContextManager[None]:
        return nullcontext()

    def stage(self, name: str, done: int | None, total: int | None) -> None:
        pass

    def progress(self, step: int, total: int) -> None:
        pass

    def metric(self, step: int, values: dict[str, float]) -> None:
        pass

    def sample(self, path: Path, step: int, prompt: str, seed: int) -> None:
        pass

    def artifact(self, path: Path) -> None:
        pass

    def state(self, folder: Path, step: int) -> None:
        pass

    def state_asked(self) -> bool:
        return False

    def snapshot(self, path: Path, step: int) -> None:
        pass

    def folder(self) -> Path:
        return _temporary_folder()

    def resume(self) -> Path | None:
        return None


_listener: Listener = Nobody()


def listen(listener: Listener) -> None:
    """From now on `listener` hears what the model says. `Nobody()` ends it."""
    global _listener
    _listener = listener


@contextmanager
def heard_by(listener: Listener) -> Iterator[None]:
    """`listener` hears the model until the block ends, and then again whoever did before."""
    before = _listener
    listen(listener)
    try:
        yield
    finally:
        listen(before)


@cache
def _temporary_folder() -> Path:
    return Path(tempfile.mkdtemp(prefix="easel-"))
