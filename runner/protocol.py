"""The lines between server and model process: what may be in each, and how they are read and written. The same fixtures
(`contract/fixtures/*.jsonl`) test this file and its twin in TypeScript. Knows nothing about sockets."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

VERSION = 1
LINE_BYTES_MAX = 1_000_000
TERMINAL = frozenset({"done", "failed", "canceled", "lost"})


class ProtocolError(ValueError):
    """A line that is not in the protocol; the message says why."""


@dataclass(frozen=True)
class StoredFile:
    path: str
    sha256: str


@dataclass(frozen=True)
class TrainingState:
    path: str
    step: int


@dataclass(frozen=True)
class RunCommand:
    id: str
    attempt: int
    kind: Literal["training", "prediction"]
    input: dict[str, Any]
    files: dict[str, StoredFile]
    weights: StoredFile | None
    state: TrainingState | None
    folder: str


@dataclass(frozen=True)
class AttemptCommand:
    """A word about one attempt. `seq` only with an ack: committed up to here. `asked` only with save-state: when."""

    type: Literal["ack", "refused", "cancel", "stop-and-keep", "save-state"]
    run: str
    attempt: int
    seq: int = 0
    asked: str = ""


@dataclass(frozen=True)
class LoadCommand:
    """Be ready for predictions with these weights; null is the base alone."""

    weights: StoredFile | None


@dataclass(frozen=True)
class Shutdown:
    pass


Command = RunCommand | AttemptCommand | LoadCommand | Shutdown


def parse_command(line: bytes) -> Command:
    """Reads one line from the server. Raises ProtocolError."""
    command = _parse(line, COMMANDS)
    match command["type"]:
        case "run":
            weights, state = command["weights"], command["state"]
            return RunCommand(
                id=command["id"],
                attempt=command["attempt"],
                kind=command["kind"],
                input=command["input"],
                files={name: StoredFile(file["path"], file["sha256"]) for name, file in command["files"].items()},
                weights=StoredFile(weights["path"], weights["sha256"]) if weights else None,
                state=TrainingState(state["path"], state["step"]) if state else None,
                folder=command["folder"],
            )
        case "load":
            weights = command["weights"]
            return LoadCommand(StoredFile(weights["path"], weights["sha256"]) if weights else None)
        case "shutdown":
            return Shutdown()
        case _:
            seq, asked = command.get("seq", 0), command.get("asked", "")
            return AttemptCommand(command["type"], command["run"], command["attempt"], seq, asked)


def parse_report(line: bytes) -> dict[str, Any]:
    """Reads one line of a model process: hello, alive or an event. Raises ProtocolError."""
    return _parse(line, REPORTS)


def write_report(report: dict[str, Any]) -> bytes:
    """One line with its newline. Raises ProtocolError when the runner itself is about to break the protocol."""
    # Lone surrogates (from file names) have no UTF-8: they become "?".
    text = json.dumps(report, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    line = text.encode("utf-8", "replace") + b"\n"
    parse_report(line)
    return line


def _parse(line: bytes, shapes: dict[str, "Shape"]) -> dict[str, Any]:
    if len(line) > LINE_BYTES_MAX:
        raise ProtocolError(f"a line of {len(line)} bytes; {LINE_BYTES_MAX} are allowed")
    try:
        value = json.loads(line, parse_constant=_refuse_constant)
    except ValueError as error:
        raise ProtocolError(f"not JSON: {error}") from error
    if not isinstance(value, dict):
        raise ProtocolError("not an object")
    shape = shapes.get(value["type"]) if isinstance(value.get("type"), str) else None
    if shape is None:
        raise ProtocolError(f"unknown type {value.get('type')!r}")
    _check_shape(value, shape, value["type"])
    for type, file in (("output", "files"), ("chunk", "file")):
        if value["type"] == type and (file in value) == ("value" in value):
            raise ProtocolError(f"{type}: either {file} or value")
    return value


def _refuse_constant(name: str) -> None:
    raise ProtocolError(f"{name} is no JSON")


# A shape is a table: field name (with a final "?" when it may be missing) → what says whether a value fits. Fields that
# are not in it are passed over: they come from a newer peer.
Check = Callable[[Any], bool]
Shape = dict[str, Check]


def _check_shape(value: dict[str, Any], shape: Shape, where: str) -> None:
    for field, fits in shape.items():
        name = field.removesuffix("?")
        if name not in value:
            if field.endswith("?"):
                continue
            raise ProtocolError(f"{where}: {name} is missing")
        if not fits(value[name]):
            raise ProtocolError(f"{where}: {name} is not right: {str(value[name])[:100]!r}")


def _text(value: Any) -> bool:
    return isinstance(value, str) and value != ""


def _any_text(value: Any) -> bool:
    return isinstance(value, str)


def _count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _positive(value: Any) -> bool:
    return _count(value) and value > 0


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _seconds(value: Any) -> bool:
    return _number(value) and value >= 0


def _matches(pattern: str) -> Check:
    compiled = re.compile(pattern)
    return lambda value: isinstance(value, str) and compiled.fullmatch(value) is not None


def _one_of(*words: str) -> Check:
    return lambda value: value in words


def _object(shape: Shape) -> Check:
    def fits(value: Any) -> bool:
        if not isinstance(value, dict):
            return False
        _check_shape(value, shape, "object")
        return True

    return fits


def _table_of(fits: Check) -> Check:
    return lambda value: isinstance(value, dict) and all(map(fits, value.values()))


def _list_of(fits: Check) -> Check:
    return lambda value: isinstance(value, list) and all(map(fits, value))


def _or_null(fits: Check) -> Check:
    return lambda value: value is None or fits(value)


def _anything(value: Any) -> bool:
    return True


_sha256 = _matches(r"[0-9a-f]{64}")
_absolute = _matches(r"/[^\0]*")
# Relative and inside: no leading slash, no "..", no empty part.
_relative = _matches(r"(?!.*(?:^|/)\.{1,2}(?:/|$))[^/\0]+(?:/[^/\0]+)*")
_instant = _matches(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
_stored_file = _object({"path": _absolute, "sha256": _sha256})
_file_name = _matches(r"[^/\0]{1,255}")
_file = _object({"name": _file_name, "path": _relative, "sha256": _sha256, "size": _count, "contentType": _text})
_slots: Shape = {"train": _count, "predict": _count}
# What it is ready to predict with, if with anything: weights by their hash, or the base alone.
_loaded = _or_null(_object({"weights": _or_null(_sha256)}))
_run_id = _matches(r"[0-9a-hjkmnp-tv-z]{26}")
_identity: Shape = {"run": _run_id, "attempt": _positive}
_envelope: Shape = {**_identity, "seq": _positive, "at": _instant}

COMMANDS: dict[str, Shape] = {
    "run": {
        "id": _run_id,
        "attempt": _positive,
        "kind": _one_of("training", "prediction"),
        "input": lambda value: isinstance(value, dict),
        "files": _table_of(_stored_file),
        "weights": _or_null(_stored_file),
        "state": _or_null(_object({"path": _absolute, "step": _count})),
        "folder": _absolute,
    },
    "ack": {**_identity, "seq": _count},
    "refused": _identity,
    "cancel": _identity,
    "stop-and-keep": _identity,
    "save-state": {**_identity, "asked": _text},
    "load": {"weights": _or_null(_stored_file)},
    "shutdown": {},
}

EVENTS: dict[str, Shape] = {
    "stage": {"name": _matches(r"(?s).{1,200}"), "done?": _count, "total?": _count},
    "log": {"text": _any_text},
    "progress": {"step": _count, "total": _count},
    "metric": {"step": _count, "values": _table_of(_or_null(_number))},
    "sample": {"step": _count, "prompt": _any_text, "seed": _count, "file": _file},
    "artifact": {"file": _file},
    "state": {"step": _count, "path": _relative},
    "snapshot": {"step": _count, "file": _file},
    "output": {"files?": _list_of(_file), "value?": _anything},
    # One of an iterator's outputs, as it came: a run that has some has no output besides.
    "chunk": {"file?": _file, "value?": _anything},
    "done": {"seconds": _seconds},
    "failed": {"code": _matches(r"[a-z_]{1,100}"), "error": _text},
    "canceled": {},
    # The attempt is over and has no result, but another one may have: the process that says so is about to end.
    "lost": {"code": _matches(r"[a-z_]{1,100}"), "error": _text},
}

REPORTS: dict[str, Shape] = {
    "hello": {
        "protocol": lambda value: value == VERSION and not isinstance(value, bool),
        "process": _matches(r"(?s).{1,64}"),
        "model": _text,
        "base": _or_null(_text),
        "device": _text,
        "pid": _positive,
        "slots": _object(_slots),
        "loaded": _loaded,
        "runs": _list_of(_object({**_identity, "lastSeq": _count})),
    },
    # The process lives, whatever its runs have to say. In no journal.
    "alive": {},
    # How many runs it can hold at once and what it has loaded, now that this has changed. In no journal; hello says it too.
    "slots": {**_slots, "loaded": _loaded},
    **{name: {**_envelope, **shape} for name, shape in EVENTS.items()},
}
