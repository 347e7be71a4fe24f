"""What a prediction or a training gives back, as files that are kept or as a value. Knows nothing about how it came about."""

import json
from collections.abc import Iterator
from dataclasses import fields as dataclass_fields
from pathlib import Path
from typing import Any

import cog

from runner.attempt import Attempt
from runner.files import adopt_file, keep_file
from runner.listener import RunListener
from runner.outcome import Failure
from runner.protocol import LINE_BYTES_MAX

MIXED = "What predict() gave mixes files and other values: give the one or the other."


def collect(result: Any, listener: RunListener) -> Any:
    """A generator's outputs; anything else as it is. A file counts as it was when it was yielded."""
    if not isinstance(result, Iterator):
        return result
    return [adopt_file(output, listener.folder()) if isinstance(output, Path) else output for output in result]


def pass_on(attempt: Attempt, outputs: Iterator[Any], listener: RunListener) -> None:
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
            raise Failure("model_error", MIXED)
        listener.obey()
    if count == 0:
        attempt.report("output", value=[])


def report_output(attempt: Attempt, result: Any) -> None:
    """Keeps the files of a result and reports them, or its value. Raises Failure where it is neither."""
    paths = paths_in(result)
    if paths:
        files = [keep_file(path, attempt.folder) for path in paths]
        attempt.report(
            "output", files=[{**file, "name": name} for file, name in zip(files, _distinct(files), strict=True)]
        )
        return
    attempt.report("output", value=_checked_value(_plain(result)))


def paths_in(result: Any) -> list[Path]:
    """The files among an output: a path, a list of them, or an object all of whose fields are paths."""
    parts = result if isinstance(result, list | tuple) else [result]
    if isinstance(result, cog.BaseModel):
        parts = [part for part in _fields_of(result).values() if part is not None]
    found = [part for part in parts if isinstance(part, Path)]
    if found and len(found) < len(parts):
        raise Failure("model_error", MIXED)
    return found


def _checked_value(value: Any) -> Any:
    size = len(json.dumps(value, allow_nan=False))
    if size > LINE_BYTES_MAX - 1000:
        raise Failure(
            "output_too_large", f"What predict() gave is {size / 1e6:.1f} MB, over 1 MB: return a file instead."
        )
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


def _plain(result: Any) -> Any:
    return _fields_of(result) if isinstance(result, cog.BaseModel) else result


def _fields_of(result: cog.BaseModel) -> dict[str, Any]:
    return {field.name: getattr(result, field.name) for field in dataclass_fields(result)}
