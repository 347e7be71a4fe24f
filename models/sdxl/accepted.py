"""Inputs that are taken for compatibility before the work behind them exists. Whoever sets one is told so."""

import inspect
from collections.abc import Callable, Iterable


def say_what_does_nothing(function: Callable, inputs: dict, names: Iterable[str]) -> None:
    """Prints a line for each of the named inputs that is set away from the default in the function's signature."""
    parameters = inspect.signature(function).parameters
    for name in names:
        if inputs[name] != parameters[name].default.default:
            print(f"{name} does nothing yet.")
