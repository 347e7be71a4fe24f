"""A Cog-style model on this machine: its folder, its two functions, and its predictor with the weights it holds now.
Knows nothing about runs or events."""

import inspect
import json
import os
import sys
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

import cog

from runner.entries import Entries
from runner.files import hash_file
from runner.outcome import Failure
from runner.protocol import StoredFile
from runner.rules import Rule, read_rules
from runner.signature import Field, read_fields
from runner.trouble import ModelTrouble, trouble_with

# Four pictures of SDXL at once: beyond that a GPU gains little, and who came first waits for the last.
TOGETHER_MAX = 4


class Model:
    """Reading it puts the model's folder on the module path, so that its files find each other as top-level modules.
    `cog.yaml` names the functions, such as `predict.py:Predictor` and `train.py:train`. Raises ModelTrouble, here or
    where a function is first needed, for a folder that is no such model."""

    def __init__(self, folder: Path, base: Path | None, device: str = "cpu") -> None:
        self._base = base.resolve() if base else None
        self._folder = folder.resolve()
        self.entries = Entries(self._folder)
        self._predictor: Any = None
        self._weights_held: str | None = None
        os.environ["EASEL_DEVICE"] = device
        if self._base:
            os.environ["EASEL_BASE"] = str(self._base)
        if str(self._folder) not in sys.path:
            sys.path.insert(0, str(self._folder))

    @property
    def can_predict(self) -> bool:
        return self.entries.has("predict")

    @property
    def can_train(self) -> bool:
        return self.entries.has("train")

    @cached_property
    def train(self) -> Callable[..., Any]:
        return self.entries.load("train")

    @cached_property
    def predictor_class(self) -> type[Any]:
        """Something to be made without arguments, with a method `predict`; Cog also knows a plain function, and a class
        whose method is called `run`."""
        found = self.entries.load("predict")
        if inspect.isroutine(found):
            return type("Predictor", (), {"predict": staticmethod(found)})
        method = getattr(found, "predict", None) or getattr(found, "run", None)
        if method is None:
            raise trouble_with(found, self._folder, f"{found.__name__} has no method predict()")
        return found if hasattr(found, "predict") else type(found.__name__, (found,), {"predict": method})

    @cached_property
    def together(self) -> int:
        """How many predictions it may be given at once: several, where it has `batch_key` and `predict_together`."""
        try:
            can = all(hasattr(self.predictor_class, name) for name in ("batch_key", "predict_together"))
        except Exception:  # noqa: BLE001 — a file that cannot be read is said by the first run that needs it
            return 1
        return TOGETHER_MAX if can else 1

    @cached_property
    def predict_fields(self) -> list[Field]:
        return self._fields(self.predictor_class.predict, "predict")

    @cached_property
    def train_fields(self) -> list[Field]:
        return self._fields(self.train, "train")

    def blame(self, function: Callable[..., Any], error: Exception) -> ModelTrouble:
        """What is wrong with a function's signature, at its line."""
        return trouble_with(function, self._folder, str(error))

    @cached_property
    def train_rules(self) -> list[Rule]:
        """The model's own, then those of its base."""
        rows = [row for table in (self._own_defaults, self._base_defaults) for row in table.get("train_rules", [])]
        return read_rules(rows, self.train_fields)

    @property
    def loaded(self) -> dict[str, str | None] | None:
        """What it is ready to predict with: the hash of weights, or None for the base alone. None where with nothing."""
        return None if self._predictor is None else {"weights": self._weights_held}

    def holds(self, weights: StoredFile | None) -> bool:
        """Whether the predictor is ready for a prediction with these weights."""
        return self._predictor is not None and self._weights_held == _key(weights)

    def predictor(self, weights: StoredFile | None) -> Any:
        """The predictor with `weights` on its base: set up at first need, then switched where the model can do that.
        Raises Failure when the file is not what was stored."""
        if self.holds(weights):
            return self._predictor
        path = _checked_path(weights)
        # Whatever happens below, nobody may find a predictor that is half one thing and half another.
        before, self._predictor = self._predictor, None
        if before is not None and hasattr(before, "switch"):
            before.switch(path)
            ready = before
        else:
            del before
            ready = self.predictor_class()
            _set_up(ready, path)
        self._predictor, self._weights_held = ready, _key(weights)
        return ready

    @cached_property
    def _base_defaults(self) -> dict[str, Any]:
        return _read_table(self._base / "defaults.json") if self._base else {}

    @cached_property
    def _own_defaults(self) -> dict[str, Any]:
        return _read_table(self._folder / "easel.json")

    def _fields(self, function: Callable[..., Any], role: str) -> list[Field]:
        if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
            raise trouble_with(function, self._folder, f"{function.__name__}() is async, which cannot be run here")
        try:
            return read_fields(function, self._base_defaults.get(role, {}))
        except (NameError, ValueError) as error:
            raise self.blame(function, error) from error


def _read_table(file: Path) -> dict[str, Any]:
    return json.loads(file.read_text()) if file.exists() else {}


def _key(weights: StoredFile | None) -> str | None:
    return weights.sha256 if weights else None


def _checked_path(weights: StoredFile | None) -> cog.Path | None:
    if weights is None:
        return None
    if hash_file(Path(weights.path)) != weights.sha256:
        raise Failure(
            "weights_damaged",
            f"The weights file {Path(weights.path).name} is not what was stored. Train or upload them again.",
        )
    return cog.Path(weights.path)


def _set_up(predictor: Any, weights: cog.Path | None) -> None:
    setup = getattr(predictor, "setup", None)
    if setup is not None and "weights" in inspect.signature(setup).parameters:
        setup(weights=weights)
    elif weights is None:
        if setup is not None:
            setup()
    else:
        raise Failure(
            "weights_unusable", "This model takes no trained weights: give its setup() a parameter `weights`."
        )
