"""Defaults that depend on other inputs, and values that contradict each other: a table of rules beside a base's defaults.
Knows nothing about how a function is called, nor about what its inputs mean."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from runner.outcome import Failure
from runner.signature import Field


@dataclass(frozen=True)
class Rule:
    """Holds where each input in `when` has one of the values listed. Then `defaults` are the defaults of those inputs; with
    a `refusal`, one sentence, the inputs contradict each other."""

    when: dict[str, list[Any]]
    defaults: dict[str, Any] = field(default_factory=dict)
    refusal: str | None = None

    def holds(self, values: dict[str, Any]) -> bool:
        return all(values[name] in listed for name, listed in self.when.items())


def read_rules(rows: Sequence[dict[str, Any]], fields: list[Field]) -> list[Rule]:
    """Raises ValueError where a row names an input that there is not, or holds anything but what a `Rule` has."""
    rules = [Rule(**row) for row in rows]
    named = {name for rule in rules for name in (*rule.when, *rule.defaults)}
    unknown = named - {one.name for one in fields}
    if unknown:
        raise ValueError(f"the rules name inputs that the function lacks: {sorted(unknown)}")
    return rules


def settle(fields: list[Field], rules: Sequence[Rule], given: dict[str, Any]) -> list[Field]:
    """The fields with the defaults that hold beside the values given, by the rules in their order: a later one wins over an
    earlier one, and what is given over both. Raises Failure where values contradict each other."""
    given = {name: value for name, value in given.items() if value is not None}
    values = {one.name: one.default for one in fields} | given
    for rule in rules:
        if not rule.holds(values):
            continue
        if rule.refusal:
            raise Failure("input_invalid", rule.refusal)
        values |= {name: value for name, value in rule.defaults.items() if name not in given}
    return [one if one.name in given else replace(one, default=values[one.name]) for one in fields]
