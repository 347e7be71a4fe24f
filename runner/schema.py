"""The OpenAPI schema of a Cog-style model, as Replicate's clients read it: the shape that cog 0.9 gave its versions.
Knows nothing about how the model runs. The parts that are the same for every model are in `schema_frame.py`."""

import typing
from collections.abc import Callable, Iterator
from dataclasses import MISSING
from dataclasses import fields as dataclass_fields
from typing import Any

import cog

from runner.model import Model
from runner.rules import Rule
from runner.schema_frame import common_components, paths, request_component, response_component
from runner.signature import Field, is_object, is_path, without_optional

Schema = dict[str, Any]


def model_schema(model: Model) -> Schema:
    """Components and paths of `model` on its base; those of trainings only when it can be trained."""
    components = common_components()
    if model.can_predict:
        function = model.predictor_class.predict
        _add(components, _described(model, function, "Input", "Output", model.predict_fields))
        _add(components, {"PredictionRequest": request_component("Prediction", "Input")})
        _add(components, {"PredictionResponse": response_component("Prediction", "Input", "Output")})
    if model.can_train:
        inputs = _described(model, model.train, "TrainingInput", "TrainingOutput", model.train_fields)
        inputs["TrainingInput"] |= _rules(model.train_rules)
        _add(components, inputs)
        _add(components, {"TrainingRequest": request_component("Training", "TrainingInput")})
        _add(components, {"TrainingResponse": response_component("Training", "TrainingInput", "TrainingOutput")})
    return {
        "info": {"title": "Cog", "version": "0.1.0"},
        "paths": paths(model.can_predict, model.can_train),
        "openapi": "3.0.2",
        "components": {"schemas": components},
    }


def _described(model: Model, function: Callable[..., Any], inputs: str, output: str, fields: list[Field]) -> Schema:
    """What a function takes and gives. Raises ModelTrouble at its line for a type that Cog does not know."""
    kind = typing.get_type_hints(function).get("return", Any)
    try:
        return {**_inputs(inputs, fields), output: {"title": output, **_output(kind)}}
    except ValueError as error:
        raise model.blame(function, error) from error


def _add(components: Schema, more: Schema) -> None:
    for name, component in more.items():
        if components.setdefault(name, component) != component:
            raise ValueError(f"predict() and train() both have {name}, with different choices: rename one of them")


def _inputs(title: str, fields: list[Field]) -> Schema:
    """The component `title`, and one more for each input with choices."""
    component: Schema = {
        "type": "object",
        "title": title,
        "properties": {field.name: _property(field, order) for order, field in enumerate(fields)},
    }
    required = [field.name for field in fields if field.required]
    if required:
        component["required"] = required
    return {title: component, **{field.name: _choices(field) for field in fields if field.choices}}


def _rules(rules: list[Rule]) -> Schema:
    """What contradicts each other, for whoever checks an input; defaults that depend on others, for whoever shows them."""
    refusals = [
        {
            "description": rule.refusal,
            "not": {
                "required": list(rule.when),
                "properties": {name: {"enum": listed} for name, listed in rule.when.items()},
            },
        }
        for rule in rules
        if rule.refusal
    ]
    defaults = [{"when": rule.when, "defaults": rule.defaults} for rule in rules if rule.defaults]
    return {**({"allOf": refusals} if refusals else {}), **({"x-defaults-when": defaults} if defaults else {})}


def _property(field: Field, order: int) -> Schema:
    if field.choices:
        schema: Schema = {"allOf": [{"$ref": f"#/components/schemas/{field.name}"}]}
    else:
        schema = {**_closed(_type(field.kind)), "title": _title(field.name)}
    bounds = {
        "default": field.default,
        "minimum": field.minimum,
        "maximum": field.maximum,
        "minLength": field.length_min,
        "maxLength": field.length_max,
        "pattern": field.pattern,
        "description": field.description,
    }
    given = {key: _number(value) for key, value in bounds.items() if value is not None}
    return {**schema, **given, "x-order": order}


def _closed(schema: Schema) -> Schema:
    """A list of objects takes no others' fields: a name that is misspelled is to be said, not passed over."""
    items = schema.get("items", {})
    return {**schema, "items": {**items, "additionalProperties": False}} if "properties" in items else schema


def _choices(field: Field) -> Schema:
    kind = _type(type(field.choices[0]))["type"]
    return {"enum": list(field.choices), "type": kind, "title": field.name, "description": "An enumeration."}


def _output(kind: Any) -> Schema:
    """The schema of a return type: a file, a list, an iterator, an object of Cog's BaseModel, or plain JSON."""
    kind, _ = without_optional(kind)
    return _type(kind)


def _type(kind: Any) -> Schema:
    origin, arguments = typing.get_origin(kind) or kind, typing.get_args(kind)
    if origin is cog.ConcatenateIterator:
        return {**_array(arguments), "x-cog-array-type": "iterator", "x-cog-array-display": "concatenate"}
    if isinstance(origin, type) and issubclass(origin, Iterator):
        return {**_array(arguments), "x-cog-array-type": "iterator"}
    if origin is list:
        return _array(arguments)
    if is_object(origin):
        return _object(origin)
    if is_path(origin):
        return {"type": "string", "format": "uri"}
    if origin is cog.Secret:
        return {"type": "string", "format": "password", "writeOnly": True, "x-cog-secret": True}
    named = {str: "string", bool: "boolean", int: "integer", float: "number", dict: "object"}
    if origin in named:
        return {"type": named[origin]}
    if origin is Any:
        return {}
    raise ValueError(f"{kind} is no type of an input or output; see the types that Cog knows")


def _object(kind: type[cog.BaseModel]) -> Schema:
    """What is optional may be left out; what has a default besides says it."""
    hints = typing.get_type_hints(kind)
    properties, required = {}, []
    for field in dataclass_fields(kind):
        one, optional = without_optional(hints[field.name])
        given = {} if field.default in (MISSING, None) else {"default": _number(field.default)}
        properties[field.name] = {"title": _title(field.name), **_type(one), **given}
        if not optional and field.default is MISSING:
            required.append(field.name)
    return {"type": "object", "properties": properties, **({"required": required} if required else {})}


def _array(arguments: tuple[Any, ...]) -> Schema:
    return {"type": "array", "items": _type(arguments[0]) if arguments else {}}


def _title(name: str) -> str:
    return name.replace("_", " ").title()


def _number(value: Any) -> Any:
    # JSON as JavaScript writes it, which webhooks' signatures rely on: 1, not 1.0.
    return int(value) if isinstance(value, float) and value.is_integer() else value
