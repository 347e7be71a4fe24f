"""The catalogue of all that a run can fail with in Python: each failure has a code that docs/troubleshooting.md explains, says what
it is about, and says what to do next. As server/src/errors.test.ts does it for what the server says."""

import json
import re
from pathlib import Path

import pytest

from runner.tests.failure_texts import PASSED_ON, UNKNOWN, FailureText, read_failure_texts

ROOT = Path(__file__).parents[2]
FIXTURE = json.loads((ROOT / "contract" / "fixtures" / "next-steps.json").read_text(encoding="utf-8"))
STEP, SHOWN = re.compile(FIXTURE["step"], re.IGNORECASE), re.compile(FIXTURE["shown"])
# A fact of the run, an input or setting by its name, a function, a kind of file, or the thing that it begins with.
NAMED = re.compile(rf"{UNKNOWN}|\w_\w|\w\(\)|^\w+: |^(?:The|This) \w+| \.\w+")
# Echo stands for a model of somebody's own, which has codes of its own.
OWN_CODES = {"echo_failed"}
# By place and text, with the reason.
EXCEPTIONS = {
    f"runner/rules.py: {UNKNOWN}": "the refusals of a base's table, which are judged where they stand",
}


def catalogue() -> list[tuple[str, FailureText]]:
    """Every failure with the file that it stands in."""
    sources = [path for folder in ("runner", "models") for path in sorted((ROOT / folder).rglob("*.py"))]
    found = read_failure_texts(
        {
            path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
            for path in sources
            if not {"tests", "bench"} & set(path.relative_to(ROOT).parts)
        }
    )
    tables = sorted([*ROOT.glob("models/*/easel.json"), *ROOT.glob("bases/*/defaults.json")])
    rules = [(path, rule) for path in tables for rule in json.loads(path.read_text()).get("train_rules", [])]
    return found + [
        (path.relative_to(ROOT).as_posix(), FailureText(0, "input_invalid", rule["refusal"]))
        for path, rule in rules
        if "refusal" in rule
    ]


def those_without(told: re.Pattern[str], *more: re.Pattern[str]) -> list[str]:
    return [
        f"{file}:{failure.line}: {failure.text}"
        for file, failure in catalogue()
        if not any(pattern.search(failure.text) for pattern in (told, *more))
        and PASSED_ON not in failure.text
        and f"{file}: {failure.text}" not in EXCEPTIONS
    ]


def test_every_failure_says_what_to_do_next() -> None:
    assert len(catalogue()) > 100
    assert those_without(STEP, SHOWN) == []


def test_every_failure_says_what_it_is_about() -> None:
    assert those_without(NAMED) == []


def test_no_exception_outlives_its_failure() -> None:
    assert EXCEPTIONS.keys() <= {f"{file}: {failure.text}" for file, failure in catalogue()}


def test_every_code_is_explained_on_the_page_about_trouble_with_what_to_do() -> None:
    page = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1:-1] for line in page.splitlines() if line.startswith("| `")]
    explained = {
        code for codes, what, way_out in rows if what.strip() and way_out.strip() for code in re.findall(r"\w+", codes)
    }
    unknown = [(file, failure.line) for file, failure in catalogue() if failure.code == UNKNOWN]
    assert [place for place in unknown if place[0] != "models/sdxl/drawing.py"] == []
    assert {failure.code for _, failure in catalogue()} - explained - {UNKNOWN} == OWN_CODES


@pytest.mark.parametrize("case", FIXTURE["judged"], ids=lambda case: case["text"])
def test_sentences_are_judged_as_the_server_s_are(case: dict) -> None:
    assert bool(STEP.search(case["text"]) or SHOWN.search(case["text"])) == case["told"]


def test_a_sentence_is_found_wherever_it_stands() -> None:
    source = """
WAY_OUT = "Give another."

def refuse(name, reason):
    raise runner.Failure("input_invalid", f"{name}: {reason}.")

def read(path, error):
    refuse("edits", f"{path} is none")
    refuse(reason="it is empty. Leave it out", name="mask")
    what = "a LoRA" if path else "nothing"
    failure = Failure(code="base_unusable", message=f"{path} is {what}. " + WAY_OUT)
    raise Failure(error.code, f"replicate_weights: {error.message}")

def end():
    conclude(("lost", {"code": "hang", "error": "It hung."}))
"""
    other = """
from runner.source import refuse, WAY_OUT

def see(name):
    refuse(name, f"it is cut short. {WAY_OUT}")
"""
    stranger = """
def refuse(name, reason): ...

refuse("weights", "it is another function")
"""
    sources = {"runner/source.py": source, "models/other.py": other, "models/stranger.py": stranger}
    assert [(failure.code, failure.text) for _, failure in read_failure_texts(sources)] == [
        ("input_invalid", "edits: … is none."),
        ("input_invalid", "mask: it is empty. Leave it out."),
        ("input_invalid", "…: it is cut short. Give another.."),
        ("base_unusable", "… is a LoRA. Give another."),
        ("base_unusable", "… is nothing. Give another."),
        (UNKNOWN, f"replicate_weights: {PASSED_ON}"),
        ("hang", "It hung."),
    ]
