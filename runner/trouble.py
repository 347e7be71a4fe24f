"""What is wrong with a model's folder, told by file and line. Knows nothing about runs."""

import inspect
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any


class ModelTrouble(ValueError):
    """A folder that is no Cog model, or not one that can run here; the message says where and why, and the way out."""


def trouble_in(file: str, line: int | None, words: str) -> ModelTrouble:
    """`file` is relative to the model's folder."""
    return ModelTrouble(f"{file}:{line}: {words}" if line else f"{file}: {words}")


def trouble_of(error: BaseException, folder: Path, file: str) -> ModelTrouble:
    """What a module of the folder raised while it was imported, at the line of the folder's own that led to it. `file`
    is that which was to be imported."""
    words = f"{type(error).__name__}: {error}"
    if isinstance(error, SyntaxError) and error.filename and Path(error.filename).is_relative_to(folder):
        return trouble_in(_inside(error.filename, folder), error.lineno, f"SyntaxError: {error.msg}")
    own = [frame for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename).is_relative_to(folder)]
    where, line = (_inside(own[-1].filename, folder), own[-1].lineno) if own else (file, None)
    if isinstance(error, ModuleNotFoundError) and error.name:
        package = error.name.split(".")[0]
        words += f". Install it into Easel's Python: .venv/bin/python -m pip install {package}"
    return trouble_in(where, line, words)


def trouble_with(function: Callable[..., Any], folder: Path, words: str) -> ModelTrouble:
    """At the line where `function` begins."""
    code = inspect.unwrap(function)
    try:
        return trouble_in(_inside(inspect.getsourcefile(code) or "", folder), inspect.getsourcelines(code)[1], words)
    except (OSError, TypeError, ValueError):
        return ModelTrouble(words)


def _inside(path: str, folder: Path) -> str:
    return Path(path).relative_to(folder).as_posix()
