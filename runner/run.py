"""One run from its first event to its last: calls the model's function and keeps what it makes. Knows nothing about
sockets or the schema."""

import json
import time
import traceback
from collections.abc import Iterator
from dataclasses import fields as dataclass_fields
from pathlib import Path
from typing import Any

import cog

from runner.attempt import Attempt
from runner.files import adopt_file, hash_file, keep_file
from runner.journal import JournalBroken
from runner.listener import RunListener
from runner.logs import LogCapture
from runner.model import Model
from runner.outcome import Canceled, Failure, explain
from runner.protocol import LINE_BYTES_MAX, StoredFile
from runner.report import Nobody, listen
from runner.rules import settle
from runner.signature import bind


def execute(attempt: Attempt, model: Model, logs: LogCapture) -> None:
    """Ends with one of `done`, `failed` and `canceled`, after everything else the run has to say."""
    started = time.monotonic()
    logs.attach(lambda text: attempt.report("log", text=text))
    listener = RunListener(attempt)
    listen(listener)
    try:
        if attempt.command.kind == "training":
            _train(attempt, model, listener)
        else:
            _answer(attempt, model, listener)
        ending, said = "done", {"seconds": round(time.monotonic() - started, 3)}
    except Canceled:
        ending, said = "canceled", {}
    except JournalBroken:
        raise
    except BaseException as error:  # noqa: BLE001 — whatever a model raises, sys.exit() included, ends its run only
        if not isinstance(error, Failure) or error.__cause__:
            traceback.print_exc()
        failure = explain(error)
        ending, said = "failed", {"code": failure.code, "error": failure.message}
    finally:
        listen(Nobody())
        logs.detach()
    attempt.report(ending, **said)


def _answer(attempt: Attempt, model: Model, listener: RunListener) -> None:
    command = attempt.command
    listener.obey()
    _check_files(command.files)
    if not model.holds(command.weights):
        listener.stage("loading", None, None)
    predictor = model.predictor(command.weights)
    listener.stage("predicting", None, None)
    result = predictor.predict(**bind(model.predict_fields, command.input, command.files))
    if isinstance(result, Iterator):
        _pass_on(attempt, result, listener)
        return
    listener.obey()
    _report_output(attempt, result)


def _train(attempt: Attempt, model: Model, listener: RunListener) -> None:
    command = attempt.command
    listener.obey()
    _check_files(command.files)
    fields = settle(model.train_fields, model.train_rules, command.input)
    result = model.train(**bind(fields, command.input, command.files))
    listener.obey()
    weights = getattr(result, "weights", result)
    if not isinstance(weights, Path):
        raise Failure("model_error", "train() has to return its weights' path, or an output with a field `weights`.")
    if model.can_predict:
        _check_weights(weights, attempt, model, listener)
        listener.obey()
    _report_output(attempt, result)


def _check_weights(weights: Path, attempt: Attempt, model: Model, listener: RunListener) -> None:
    """Draws from the file as it lies on the disk, before anyone is told that the training went well: each of the card's
    prompts, or one picture by its defaults. They stay as `check-0.png` …"""
    card = _read_card(listener.artifacts.get("model_card.json"))
    prompts = card.get("prompts") or [{}]
    stored = StoredFile(str(weights.resolve()), hash_file(weights))
    try:
        for place, prompt in enumerate(prompts):
            listener.stage("checking", place, len(prompts))
            with listener.aside(f"check-{place}"):
                predictor = model.predictor(stored)
                values = bind(model.predict_fields, card.get("defaults", {}) | prompt, {})
                result = _collect(predictor.predict(**values), listener)
            pictures = _paths(result)
            if result == []:
                raise Failure("weights_unusable", "Nothing came of a prediction.")
            if pictures:
                target = attempt.folder / f"check-{place}{pictures[0].suffix}"
                target.write_bytes(pictures[0].read_bytes())
                listener.artifact(target)
    except Exception as error:
        raise Failure("weights_unusable", f"The trained weights cannot be used. {explain(error).message}") from error


def _read_card(card: Path | None) -> dict[str, Any]:
    return json.loads(card.read_text()) if card else {}


def _check_files(files: dict[str, StoredFile]) -> None:
    for name, file in files.items():
        if hash_file(Path(file.path)) != file.sha256:
            raise Failure("file_damaged", f"The file of the input {name} is not what was stored.")


def _collect(result: Any, listener: RunListener) -> Any:
    """A generator's outputs; anything else as it is. A file counts as it was when it was yielded."""
    if not isinstance(result, Iterator):
        return result
    return [adopt_file(output, listener.folder()) if isinstance(output, Path) else output for output in result]


def _pass_on(attempt: Attempt, outputs: Iterator[Any], listener: RunListener) -> None:
    """A generator's outputs, each reported before the next is asked for, with a chance to be canceled between two of
    them. None at all is an empty list."""
    names: list[str] = []
    count, files = 0, 0
    for output in outputs:
        count += 1
        if isinstance(output, Path):
            files += 1
            file = keep_file(output, attempt.folder)
            names.append(_distinct_name(str(file["name"]), names))
            attempt.report("chunk", file={**file, "name": names[-1]})
        else:
            attempt.report("chunk", value=_checked_value(output))
        if files not in (0, count):
            raise Failure("model_error", "An output mixes files and other values; it has to be one or the other.")
        listener.obey()
    if count == 0:
        attempt.report("output", value=[])


def _report_output(attempt: Attempt, result: Any) -> None:
    paths = _paths(result)
    if paths:
        files = [keep_file(path, attempt.folder) for path in paths]
        attempt.report(
            "output", files=[{**file, "name": name} for file, name in zip(files, _distinct(files), strict=True)]
        )
        return
    attempt.report("output", value=_checked_value(_plain(result)))


def _checked_value(value: Any) -> Any:
    if len(json.dumps(value, allow_nan=False)) > LINE_BYTES_MAX - 1000:
        raise Failure("output_too_large", "The output is over 1 MB: return a file instead.")
    return value


def _distinct(files: list[dict[str, Any]]) -> list[str]:
    """Names under which the files can lie in one folder, as they do in a client's."""
    names: list[str] = []
    for file in files:
        names.append(_distinct_name(file["name"], names))
    return names


def _distinct_name(wanted: str, taken: list[str]) -> str:
    name, number = Path(wanted), 1
    while str(name) in taken:
        name = name.with_stem(f"{Path(wanted).stem}-{number}")
        number += 1
    return str(name)


def _paths(result: Any) -> list[Path]:
    """The files among an output: a path, a list of them, or an object all of whose fields are paths."""
    parts = result if isinstance(result, list | tuple) else [result]
    if isinstance(result, cog.BaseModel):
        parts = [part for part in _fields_of(result).values() if part is not None]
    found = [part for part in parts if isinstance(part, Path)]
    if found and len(found) < len(parts):
        raise Failure("model_error", "An output mixes files and other values; it has to be one or the other.")
    return found


def _plain(result: Any) -> Any:
    return _fields_of(result) if isinstance(result, cog.BaseModel) else result


def _fields_of(result: cog.BaseModel) -> dict[str, Any]:
    return {field.name: getattr(result, field.name) for field in dataclass_fields(result)}
