"""Defaults that depend on other inputs: a value given always wins, and what contradicts each other is refused."""

import json
from typing import Any

import cog
import pytest

from runner import Failure
from runner.rules import Rule, read_rules, settle
from runner.schema_files import REPOSITORY, read_schema
from runner.signature import bind, read_fields


def signature(
    kind: str = cog.Input(default="plain", choices=["plain", "fancy"]),
    whole: bool = cog.Input(default=False),
    rate: float = cog.Input(default=0.1),
    word: str | None = cog.Input(default=None),
) -> None:
    """For the tests below."""


FIELDS = read_fields(signature, {})
# The tests of contract/ read the same file.
FIXTURE = json.loads((REPOSITORY / "contract" / "fixtures" / "rules.json").read_text())
REFUSAL = {"when": {"kind": ["plain"], "whole": [True]}, "refusal": "whole: it is true, but kind is plain."}
RULES = read_rules([*FIXTURE["rules"], REFUSAL], FIELDS)


def values(**given: Any) -> dict[str, Any]:
    return bind(settle(FIELDS, RULES, given), given, {})


@pytest.mark.parametrize("case", FIXTURE["cases"], ids=lambda case: json.dumps(case["given"]))
def test_a_value_given_wins_over_every_default(case: dict[str, Any]) -> None:
    assert {field.name: field.default for field in FIELDS} == FIXTURE["defaults"]
    assert values(**case["given"]) == case["expected"]


def test_values_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(Failure, match="kind is plain") as failure:
        values(kind="plain", whole=True)
    assert failure.value.code == "input_invalid"


def test_a_rule_cannot_name_what_is_not_there() -> None:
    with pytest.raises(ValueError, match="colour"):
        read_rules([{"when": {"kind": ["fancy"]}, "defaults": {"colour": "red"}}], FIELDS)
    with pytest.raises(TypeError, match="unless"):
        read_rules([{"unless": {}}], FIELDS)


@pytest.mark.parametrize("base", ["emoji", "sdxl"])
def test_a_bases_rules_stand_in_its_schema(base: str) -> None:
    schema = read_schema("models/sdxl", f"bases/{base}")["components"]["schemas"]["TrainingInput"]
    rows = [
        row
        for file in ("models/sdxl/easel.json", f"bases/{base}/defaults.json")
        for row in json.loads((REPOSITORY / file).read_text()).get("train_rules", [])
    ]
    rules = [Rule(**row) for row in rows]
    shown = [(rule.when, rule.defaults) for rule in rules if rule.defaults]
    assert [(one["when"], one["defaults"]) for one in schema["x-defaults-when"]] == shown
    assert [one["description"] for one in schema["allOf"]] == [rule.refusal for rule in rules if rule.refusal]
