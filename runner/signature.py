"""What a Cog-style function takes: its parameters' types, defaults and bounds, with a base's own laid over them. Knows
nothing about OpenAPI."""

import inspect
import types
import typing
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cog

from runner.outcome import Failure
from runner.protocol import StoredFile


@dataclass(frozen=True)
class Field:
    """One input. `kind` is its type without `Optional`; `default` None stands for none."""

    name: str
    kind: Any
    optional: bool
    default: Any
    description: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    length_min: int | None = None
    length_max: int | None = None
    pattern: str | None = None
    choices: tuple[str | int, ...] = ()

    @property
    def required(self) -> bool:
        return self.default is None and not self.optional


def read_fields(function: Callable[..., Any], base_defaults: dict[str, dict[str, Any]]) -> list[Field]:
    """The inputs of `function` in their order. `base_defaults` maps an input to its `default`, `minimum`, `maximum` or
    `choices` on this base. Raises ValueError where it names an input that the function lacks, and for an input without a
    type."""
    hints = typing.get_type_hints(function)
    parameters = [one for one in inspect.signature(function).parameters.values() if one.name != "self"]
    unknown = base_defaults.keys() - {one.name for one in parameters}
    if unknown:
        raise ValueError(f"the base has defaults for inputs that {function.__qualname__} lacks: {sorted(unknown)}")
    untyped = next((one.name for one in parameters if one.name not in hints), None)
    if untyped:
        raise ValueError(f"the input {untyped} of {function.__name__}() has no type: write {untyped}: str, say")
    return [_lay_over(_read_field(one, hints[one.name]), base_defaults.get(one.name, {})) for one in parameters]


def bind(fields: list[Field], values: dict[str, Any], files: dict[str, StoredFile]) -> dict[str, Any]:
    """What to call the function with: `values`, local paths in place of files, and defaults. The server has checked
    types and bounds. Raises Failure for an input that is missing or unknown.

    A file inside a list of objects is named by its way there: `loras.0.url`."""
    unknown = values.keys() - {field.name for field in fields}
    if unknown:
        raise Failure("input_invalid", f"There is no input named {min(unknown)}. Leave it out.")
    return {field.name: _bind_field(field, values.get(field.name), files) for field in fields}


def _bind_field(field: Field, value: Any, files: dict[str, StoredFile]) -> Any:
    if field.name in files:
        return cog.Path(files[field.name].path)
    if value is None:
        if field.required:
            raise Failure("input_invalid", f"The input {field.name} is required. Give it.")
        return field.default
    items = typing.get_args(field.kind)
    if typing.get_origin(field.kind) is list and items and is_object(items[0]):
        return [_bind_object(items[0], f"{field.name}.{place}", one, files) for place, one in enumerate(value)]
    if is_path(field.kind):
        raise _file_missing(field.name)
    if field.kind is float:
        return float(value)
    return cog.Secret(value) if field.kind is cog.Secret else value


def _bind_object(
    kind: type[cog.BaseModel], name: str, value: dict[str, Any], files: dict[str, StoredFile]
) -> cog.BaseModel:
    hints = {field: without_optional(hint)[0] for field, hint in typing.get_type_hints(kind).items()}
    unknown = value.keys() - hints.keys()
    if unknown:
        raise Failure("input_invalid", f"{name} has nothing named {min(unknown)}. Leave it out.")
    given = {field: one for field, one in value.items() if one is not None}
    return kind(**{field: _bind_part(hints[field], f"{name}.{field}", one, files) for field, one in given.items()})


def _bind_part(kind: Any, name: str, value: Any, files: dict[str, StoredFile]) -> Any:
    if name in files:
        return cog.Path(files[name].path)
    if is_path(kind):
        raise _file_missing(name)
    return float(value) if kind is float else value


def _file_missing(name: str) -> Failure:
    return Failure("input_invalid", f"The file of the input {name} did not reach the model process. Give it again.")


def is_object(kind: Any) -> bool:
    """Whether a type is one of Cog's objects with fields of their own."""
    return isinstance(kind, type) and issubclass(kind, cog.BaseModel)


def is_path(kind: Any) -> bool:
    """Whether a type stands for a file."""
    return isinstance(kind, type) and issubclass(kind, Path | cog.File)


def without_optional(hint: Any) -> tuple[Any, bool]:
    """`(T, True)` of `Optional[T]` or `T | None`, else `(hint, False)`."""
    if typing.get_origin(hint) not in (typing.Union, types.UnionType):
        return hint, False
    members = [member for member in typing.get_args(hint) if member is not type(None)]
    optional = len(members) < len(typing.get_args(hint))
    return (members[0] if len(members) == 1 else typing.Any), optional


def _read_field(parameter: inspect.Parameter, hint: Any) -> Field:
    # In cog 0.23 `Input()` and `Input(default=None)` are the same object: only `Optional` tells that an input may be
    # left out without having a default.
    kind, optional = without_optional(hint)
    choices: tuple[str | int, ...] = ()
    if typing.get_origin(kind) is typing.Literal:
        choices = typing.get_args(kind)
        kind = type(choices[0])
    declared = parameter.default
    if not isinstance(declared, cog.FieldInfo):
        default = None if declared is inspect.Parameter.empty else declared
        return Field(parameter.name, kind, optional, default, choices=choices)
    return Field(
        parameter.name,
        kind,
        optional,
        declared.default,
        declared.description,
        declared.ge,
        declared.le,
        declared.min_length,
        declared.max_length,
        declared.regex,
        tuple(declared.choices or choices),
    )


def _lay_over(field: Field, ours: dict[str, Any]) -> Field:
    unknown = ours.keys() - {"default", "minimum", "maximum", "choices", "description"}
    if unknown:
        raise ValueError(f"the base's defaults of {field.name} hold {sorted(unknown)}, which means nothing")
    return replace(field, **{**ours, **({"choices": tuple(ours["choices"])} if "choices" in ours else {})})
