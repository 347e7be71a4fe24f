"""What a training takes where it is not told: by the base, the technique and the subject."""

from __future__ import annotations

import json

import pytest
from conftest import ROOT, Functions

from runner.rules import settle

STYLES = "noto blob twemoji flat emojione firefox"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, {"initial_word": STYLES, "caption_prefix": "a TOK emoji of ", "ti_lr": 0.003, "num_vectors": 2}),
        ({"technique": "lora"}, {"initial_word": "style"}),
        ({"subject": "object"}, {"initial_word": "object", "caption_prefix": "an emoji of TOK, "}),
        ({"subject": "object", "initial_word": "dog"}, {"initial_word": "dog", "caption_prefix": "an emoji of TOK, "}),
        ({"subject": "person"}, {"initial_word": "person", "use_face_detection_instead": True}),
        ({"technique": "textual_inversion"}, {"initial_word": STYLES, "ti_lr": 0.0005, "num_vectors": 1}),
        ({"technique": "textual_inversion", "subject": "object"}, {"ti_lr": 0.00015, "num_vectors": 2}),
        ({"technique": "textual_inversion", "ti_lr": 0.003}, {"ti_lr": 0.003}),
        ({"is_lora": False}, {"technique": "dreambooth", "prior_loss_weight": 1}),
    ],
)
def test_technique_and_subject_decide_what_was_not_given(functions: Functions, given: dict, expected: dict):
    model = functions.model
    values = {field.name: field.default for field in settle(model.train_fields, model.train_rules, given)} | given
    assert {name: values[name] for name in expected} == expected


@pytest.mark.parametrize("base", ["emoji", "sdxl"])
def test_the_page_about_training_has_each_rule_of_the_table(base: str):
    page = (ROOT / "docs" / "train.md").read_text()
    for row in json.loads((ROOT / "bases" / base / "defaults.json").read_text())["train_rules"]:
        where = " and ".join(f"`{name}={'` or `'.join(values)}`" for name, values in row["when"].items())
        shown = [f"`{name}` {json.dumps(value)}" for name, value in row["defaults"].items()]
        assert f"| {where} | {', '.join(shown)} |" in page
