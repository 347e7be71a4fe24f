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


def read_failure_texts(sources: dict[str, str]) -> list[tuple[str, FailureText]]:
    """Of a `Failure(code, message)`, and of an event `{"code": …, "error": …}`, each with the file that it stands in. One made by a
    helper is there once for each of the helper's calls, with what they give it: in its own file, and in those that import it.
    """
    modules = {path: ast.parse(source) for path, source in sources.items()}
    found: list[tuple[str, FailureText]] = []
    for path, module in modules.items():
        for function, node in _nodes_in(module):
            said = _said_by(node)
            if said is None:
                continue
            for given in _givens(modules, path, function):
                words = _Words(modules, path, function, given)
                codes, texts = ([UNKNOWN] if one is None else words.of(one) for one in said)
                found += [(path, FailureText(node.lineno, code, text)) for code in codes for text in texts]
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


def _givens(modules: "_Modules", home: str, function: Function | None) -> list[dict[str, "_Given"]]:
    """What each call gives the parameters of `function`, which stands in `home`; one without anything, where there is none."""
    calls = [
        {name: _Given(value, path, around) for name, value in _bind(node, _parameters(function)).items()}
        for path, module in modules.items()
        if function and home == (path if path == home else _origin(modules, path, function.name))
        for around, node in _nodes_in(module)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == function.name
    ]
    return calls or [{}]


def _origin(modules: "_Modules", path: str, name: str) -> str | None:
    """The file from which the one at `path` imports `name` at its top; None where that is none of these."""
    for node in modules[path].body:
        if isinstance(node, ast.ImportFrom) and any(one.name == name and not one.asname for one in node.names):
            ending = f"{(node.module or '').replace('.', '/')}.py"
            return next((one for one in modules if f"/{one}".endswith(f"/{ending}")), None)
    return None


_Modules = dict[str, ast.Module]


@dataclass(frozen=True)
class _Given:
    """An argument, and the file and the function in which it was written."""

    value: ast.expr
    path: str
    around: Function | None


@dataclass(frozen=True)
class _Words:
    """What an expression inside `function` may say, where its parameters are what was given."""

    modules: _Modules
    path: str
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
            given = self.given[name]
            yield from _Words(self.modules, given.path, given.around).of(given.value)
            return
        module = self.modules[self.path]
        values = [] if name in _parameters(self.function) else _assigned(self.function, name)
        values = values or _assigned(module, name)
        for value in values:
            yield from [UNKNOWN] if _names(value, name) else self.of(value)
        if values:
            return
        origin = _origin(self.modules, self.path, name)
        yield from _Words(self.modules, origin, None)._of_name(name) if origin else [UNKNOWN]


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
