"""Every failure that a Python source can end a run with, read from its syntax: the code, and each sentence that it may say. Knows
nothing of what a good sentence is."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product

# What only a run can tell; and what another failure says, which is judged where that one stands.
UNKNOWN, PASSED_ON = "…", "(what another failure says)"

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class FailureText:
    """`code` is UNKNOWN where no source says it."""

    line: int
    code: str
    text: str


def read_failure_texts(source: str) -> list[FailureText]:
    """Of a `Failure(code, message)`, and of an event `{"code": …, "error": …}`. One made by a helper is there once for each of the
    helper's calls in that source, with what they give it."""
    module = ast.parse(source)
    found: list[FailureText] = []
    for function, node in _nodes_in(module):
        said = _said_by(node)
        if said is None:
            continue
        for given in _givens(module, function):
            words = _Words(module, function, given)
            codes, texts = ([UNKNOWN] if one is None else words.of(one) for one in said)
            found += [FailureText(node.lineno, code, text) for code in codes for text in texts]
    return list(dict.fromkeys(found))


def _said_by(node: ast.AST) -> tuple[ast.expr | None, ast.expr | None] | None:
    """The expressions of code and sentence; None where the node is no failure."""
    match node:
        case ast.Call(func=ast.Name(id="Failure") | ast.Attribute(attr="Failure")):
            given = _bind(node, ["code", "message"])
            return given.get("code"), given.get("message")
        case ast.Dict(keys=[ast.Constant("code"), ast.Constant("error")], values=[ast.Constant() as code, message]):
            return code, message
    return None


def _givens(module: ast.Module, function: Function | None) -> list[dict[str, "_Given"]]:
    """What each call in the module gives the parameters of `function`; one without anything, where there is no such call."""
    calls = [
        {name: _Given(value, around) for name, value in _bind(node, _parameters(function)).items()}
        for around, node in _nodes_in(module)
        if function and isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == function.name
    ]
    return calls or [{}]


@dataclass(frozen=True)
class _Given:
    """An argument, and the function in which it was written."""

    value: ast.expr
    around: Function | None


@dataclass(frozen=True)
class _Words:
    """What an expression inside `function` may say, where its parameters are what was given."""

    module: ast.Module
    function: Function | None
    given: dict[str, _Given] = field(default_factory=dict)

    def of(self, node: ast.expr) -> list[str]:
        match node:
            case ast.Constant(value=str(value)):
                return [value]
            case ast.JoinedStr(values=parts):
                return _combine([self.of(part) for part in parts])
            case ast.FormattedValue(value=value):
                return self.of(value)
            case ast.BinOp(op=ast.Add(), left=left, right=right):
                return _combine([self.of(left), self.of(right)])
            case ast.IfExp(body=body, orelse=other):
                return [*self.of(body), *self.of(other)]
            case ast.Attribute(attr="message"):
                return [PASSED_ON]
            case ast.Name(id=name):
                return list(self._of_name(name))
        return [UNKNOWN]

    def _of_name(self, name: str) -> Iterator[str]:
        if name in self.given:
            value, around = self.given[name].value, self.given[name].around
            yield from _Words(self.module, around).of(value)
            return
        values = [] if name in _parameters(self.function) else _assigned(self.function, name)
        for value in values or _assigned(self.module, name):
            yield from [UNKNOWN] if _names(value, name) else self.of(value)
        if not values and not _assigned(self.module, name):
            yield UNKNOWN


def _nodes_in(node: ast.AST, around: Function | None = None) -> Iterator[tuple[Function | None, ast.AST]]:
    """Each node below, with the function that it stands in."""
    for child in ast.iter_child_nodes(node):
        yield around, child
        yield from _nodes_in(child, child if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef) else around)


def _bind(call: ast.Call, parameters: list[str]) -> dict[str, ast.expr]:
    named = {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
    return dict(zip(parameters, call.args, strict=False)) | named


def _parameters(function: Function | None) -> list[str]:
    return [one.arg for one in function.args.args] if function else []


def _assigned(scope: ast.AST | None, name: str) -> list[ast.expr]:
    """The values that `name` gets at the top of a module, or anywhere in a function."""
    if scope is None:
        return []
    nodes = ast.iter_child_nodes(scope) if isinstance(scope, ast.Module) else ast.walk(scope)
    return [
        node.value
        for node in nodes
        if isinstance(node, ast.Assign) and any(isinstance(one, ast.Name) and one.id == name for one in node.targets)
    ]


def _names(value: ast.expr, name: str) -> bool:
    return any(isinstance(node, ast.Name) and node.id == name for node in ast.walk(value))


def _combine(parts: list[list[str]]) -> list[str]:
    return ["".join(one) for one in product(*parts)]
