"""What a model's `cog.yaml` names: its functions, by file and name. Knows nothing about what they do."""

import importlib
import inspect
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from runner.trouble import ModelTrouble, trouble_in, trouble_of

FILE = "cog.yaml"
# Cog's newer word for the same thing comes first.
KEYS = {"predict": ("run", "predict"), "train": ("train",)}


@dataclass(frozen=True)
class Entry:
    """`name` in `file`, as line `line` of cog.yaml has it."""

    file: str
    name: str
    line: int | None


class Entries:
    """Reads the file at once and imports at first need. Raises ModelTrouble for what it cannot make sense of."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        try:
            self._text = (folder / FILE).read_text()
            found = yaml.safe_load(self._text)
        except FileNotFoundError:
            raise ModelTrouble(
                f'{FILE}: there is none in this folder. It names the functions: predict: "predict.py:Predictor"'
            ) from None
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            mark = getattr(error, "problem_mark", None)
            why = getattr(error, "problem", None) or error
            raise trouble_in(FILE, mark.line + 1 if mark else None, f"this is no YAML: {why}") from None
        self._values = found if isinstance(found, dict) else {}
        if not (self.has("predict") or self.has("train")):
            raise ModelTrouble(f'{FILE}: it names neither predict nor train. Add predict: "predict.py:Predictor"')

    def has(self, role: str) -> bool:
        return any(self._values.get(key) for key in KEYS[role])

    @cached_property
    def wants_gpu(self) -> bool:
        build = self._values.get("build")
        return isinstance(build, dict) and build.get("gpu") is True

    def load(self, role: str) -> Any:
        """The function or class."""
        entry = self._find(role)
        if not (self._folder / entry.file).is_file():
            raise trouble_in(FILE, entry.line, f"it names {entry.file}, which is not in the folder")
        module_name = entry.file.removesuffix(".py").replace("/", ".")
        try:
            module = importlib.import_module(module_name)
        except BaseException as error:
            raise trouble_of(error, self._folder, entry.file) from error
        if not hasattr(module, entry.name):
            names = [
                name
                for name, value in vars(module).items()
                if getattr(value, "__module__", None) == module_name
                and inspect.isroutine(value) | inspect.isclass(value)
            ]
            has = f"it has {', '.join(names)}" if names else "it has no function or class at all"
            raise trouble_in(FILE, entry.line, f"there is no {entry.name} in {entry.file}; {has}")
        return getattr(module, entry.name)

    def _find(self, role: str) -> Entry:
        key = next(key for key in KEYS[role] if self._values.get(key))
        lines = (number for number, line in enumerate(self._text.splitlines(), 1) if line.startswith(f"{key}:"))
        line = next(lines, None)
        match str(self._values[key]).split(":"):
            case [file, name] if file.endswith(".py") and name.isidentifier():
                return Entry(file, name, line)
        raise trouble_in(
            FILE, line, f'{key} is FILE:NAME, such as "predict.py:Predictor", and not {self._values[key]!r}'
        )
