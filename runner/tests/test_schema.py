"""Schemas from signatures: against the recorded version of Replicate's SDXL, and the committed files."""

import json
from pathlib import Path
from typing import Any

import cog
import pytest

from runner.outcome import Failure
from runner.protocol import StoredFile
from runner.schema_files import REPOSITORY, SCHEMA_FILES, read_schema
from runner.signature import bind, read_fields

ORACLE = json.loads((Path(__file__).parent / "oracle" / "sdxl-version.json").read_text())["openapi_schema"]

# Where `stability-ai/sdxl` is not as Replicate's version; descriptions, which are ours, are not compared.
SDXL_DIFFERENCES = {
    "wider": {
        "Input/lora_scale/maximum",
        "Input/guidance_scale/minimum",
    },
    "seeds are 0 to 2^53 - 1, as JSON's numbers": {
        f"{component}/seed/{bound}" for component in ("Input", "TrainingInput") for bound in ("minimum", "maximum")
    },
    "bounds of trainings are ours": {
        f"TrainingInput/{name}/{bound}"
        for name in (
            *("resolution", "train_batch_size", "max_train_steps"),
            *("lora_rank", "ti_lr", "lora_lr", "unet_learning_rate", "clipseg_temperature"),
        )
        for bound in ("minimum", "maximum")
    }
    | {f"TrainingInput/{name}/minimum" for name in ("lr_warmup_steps", "checkpointing_steps")}
    | {f"TrainingInput/token_string/{bound}" for bound in ("minLength", "maxLength")},
}
# Inputs of ours, after all of Replicate's.
SDXL_ADDITIONS = {
    "TrainingInput": [
        "technique",
        "subject",
        "initial_word",
        "num_vectors",
        "lora_alpha",
        "lora_targets",
        "class_prompt",
        "prior_loss_weight",
        "num_class_images",
        "train_text_encoder",
        "snr_gamma",
        "noise_offset",
        "caption_dropout",
        "gradient_accumulation_steps",
        "gradient_checkpointing",
        "use_ema",
        "sample_prompts",
        "sample_steps",
        "publish",
        "caption_mode",
        "edits",
        "background",
    ],
    "Input": ["loras"],
}
# Choices of ours, after Replicate's.
SDXL_MORE_CHOICES = {"lr_scheduler": ["cosine"], "scheduler": ["LCM", "TCD"]}


def test_same_signature_same_schema_as_cog() -> None:
    assert read_schema("runner/tests/oracle/model", None) == ORACLE


@pytest.mark.parametrize("file", SCHEMA_FILES)
def test_committed_schemas_follow_the_signatures(file: str) -> None:
    committed = json.loads((REPOSITORY / file).read_text())
    assert committed == read_schema(*SCHEMA_FILES[file]), "run: npm run schema"


def test_sdxl_differs_from_replicates_only_where_said() -> None:
    ours = json.loads((REPOSITORY / "bases" / "sdxl" / "openapi.json").read_text())
    assert ours["paths"] == ORACLE["paths"]
    names = ORACLE["components"]["schemas"].keys()
    assert ours["components"]["schemas"].keys() - names <= set().union(*SDXL_ADDITIONS.values())
    for name in names - {"Input", "TrainingInput"}:
        theirs = ORACLE["components"]["schemas"][name]
        if name in SDXL_MORE_CHOICES:
            theirs = {**theirs, "enum": theirs["enum"] + SDXL_MORE_CHOICES[name]}
        assert ours["components"]["schemas"][name] == theirs
    found = differences(ours, "Input") | differences(ours, "TrainingInput")
    assert found == set().union(*SDXL_DIFFERENCES.values())


def differences(ours: dict[str, Any], component: str) -> set[str]:
    """`Input/width/default` and the like, wherever a property is not the oracle's."""
    left, right = ours["components"]["schemas"][component], ORACLE["components"]["schemas"][component]
    assert left.get("required") == right.get("required")
    in_order = sorted(right["properties"], key=lambda name: right["properties"][name]["x-order"])
    assert list(left["properties"]) == [*in_order, *SDXL_ADDITIONS[component]]
    return {
        f"{component}/{name}/{key}"
        for name, theirs in right["properties"].items()
        for key in (theirs.keys() | left["properties"][name].keys()) - {"description"}
        if theirs.get(key) != left["properties"][name].get(key)
    }


def signature(
    must: str = cog.Input(description="Required: neither a default nor Optional"),
    may: int | None = cog.Input(ge=1),
    size: int = cog.Input(default=1024, ge=8),
    scale: float = cog.Input(default=1.0),
) -> None:
    """For the tests below."""


def test_optional_tells_what_may_be_left_out() -> None:
    assert [field.required for field in read_fields(signature, {})] == [True, False, False, False]


def test_a_base_lays_its_defaults_over() -> None:
    fields = read_fields(signature, {"size": {"default": 128, "maximum": 256}})
    assert (fields[2].default, fields[2].minimum, fields[2].maximum) == (128, 8, 256)
    assert bind(fields, {"must": "x", "scale": 2}, {}) == {"must": "x", "may": None, "size": 128, "scale": 2.0}


class Part(cog.BaseModel):
    url: cog.Path
    scale: float = 1.0
    word: str | None = None


def with_parts(parts: list[Part] | None = cog.Input(default=None)) -> None:
    """For the test below."""


def test_a_list_of_objects_gets_its_files_by_their_place() -> None:
    fields = read_fields(with_parts, {})
    files = {"parts.1.url": StoredFile("/b", "b" * 64), "parts.0.url": StoredFile("/a", "a" * 64)}
    given = [{"url": "http://host/a", "scale": 2}, {"url": "http://host/b", "word": None}]
    assert bind(fields, {"parts": given}, files) == {"parts": [Part(Path("/a"), 2.0), Part(Path("/b"))]}
    assert bind(fields, {}, {}) == {"parts": None}
    with pytest.raises(Failure, match="parts.0 has nothing named scales"):
        bind(fields, {"parts": [{"url": "http://host/a", "scales": 2}]}, files)
    with pytest.raises(Failure, match=r"parts\.2\.url did not reach"):
        bind(fields, {"parts": [*given, {"url": "http://host/c"}]}, files)


def test_a_base_cannot_name_what_is_not_there() -> None:
    with pytest.raises(ValueError, match="colour"):
        read_fields(signature, {"colour": {"default": "red"}})
