"""The keys of a LoRA or an embedding from elsewhere: the first one that does not fit the base is named, and peft's notes count."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from base import current
from export.names import lora_name
from opening import open_weights
from safetensors.torch import save_file

from runner import Failure

MIDDLE = "mid_block.attentions.0.transformer_blocks.0.attn1.to_q"
PAIR = {"lora_down.weight": torch.zeros(4, 192), "lora_up.weight": torch.zeros(192, 4)}


def a_pair(**changed: torch.Tensor) -> dict[str, torch.Tensor]:
    """kohya's keys of one layer, some of them changed or added."""
    name = lora_name(MIDDLE, current().unet.config)
    return {f"{name}.{end}": one for end, one in {**PAIR, **changed}.items()}


def refusal(tensors: dict[str, torch.Tensor], path: Path) -> str:
    save_file(tensors, path)
    with pytest.raises(Failure) as failure:
        open_weights(current(), path, "CAT")
    assert failure.value.code == "weights_unusable"
    return failure.value.message


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"lora_down.weight": torch.zeros(4, 320)}, "attn1_to_q.lora_down.weight does not fit: it is 4 × 320"),
        ({"lora_up.weight": torch.zeros(192, 8)}, "attn1_to_q.lora_up.weight does not fit: it is 192 × 8"),
        ({"lora_up.weight": torch.full((192, 4), torch.nan)}, "numbers that are none"),
        ({"lora_down.weight": torch.zeros(0, 192)}, "attn1_to_q.lora_down.weight does not fit: it is 0 × 192"),
        ({"alpha": torch.zeros(3)}, "attn1_to_q.alpha does not fit: it is 3, not one number"),
        (
            {"dora_scale": torch.zeros(1)},
            "attn1_to_q.dora_scale does not fit: it is 1, where the base's layer is 192 × 192",
        ),
        ({"dora_scale": torch.full((192, 1), torch.nan)}, "attn1_to_q.dora_scale does not fit: it holds numbers"),
        ({"hada_w1_a": torch.zeros(1)}, "attn1_to_q.hada_w1_a does not fit: its layer has parts of a plain LoRA too"),
        ({"hada_t1": torch.zeros(1)}, "attn1_to_q.hada_t1 does not fit: it is no part of a LoRA, LoHa, LoKr or DoRA"),
    ],
)
def test_the_first_key_of_a_layer_that_does_not_fit_is_named(
    tmp_path: Path, changed: dict[str, torch.Tensor], said: str
):
    assert said in refusal(a_pair(**changed), tmp_path / "misfit.safetensors")


@pytest.mark.parametrize(
    ("tensors", "said"),
    [
        ({"lora_unet_nothing.lora_down.weight": torch.zeros(4, 4)}, "lora_unet_nothing.lora_down.weight does not fit"),
        (
            {"lora_te_text_model.lora_down.weight": torch.zeros(4, 4)},
            "lora_te_text_model.lora_down.weight does not fit",
        ),
        ({"clip_l": torch.zeros(2, 768), "clip_g": torch.zeros(2, 1280)}, "clip_l does not fit: it is 2 × 768"),
        ({"clip_l": torch.zeros(2, 128)}, "clip_g is missing"),
        ({"emb_params": torch.zeros(2, 128)}, "emb_params does not fit"),
        ({}, "no LoRA and no embedding"),
    ],
)
def test_the_first_key_that_the_base_does_not_know_is_named(
    tmp_path: Path, tensors: dict[str, torch.Tensor], said: str
):
    assert said in refusal(tensors, tmp_path / "unknown.safetensors")


@pytest.mark.parametrize(
    ("notes", "alpha"),
    [
        ({}, 4.0),
        ({"unet.lora_alpha": 2}, 2.0),
        ({"unet.lora_alpha": 2, "unet.use_rslora": True}, 4.0),
        ({"unet.lora_alpha": 2, "unet.alpha_pattern": {"attn1.to_q": 1}}, 1.0),
        ({"unet.lora_alpha": 2, "unet.alpha_pattern": {"attn2.to_q": 1}}, 2.0),
        ({"text_encoder.lora_alpha": 2}, 4.0),
    ],
)
def test_the_notes_of_peft_count(tmp_path: Path, notes: dict, alpha: float):
    pair = {"lora_A.weight": torch.ones(4, 192), "lora_B.weight": torch.ones(192, 4)}
    path = tmp_path / "notes.safetensors"
    save_file(
        {f"unet.{MIDDLE}.{end}": one for end, one in pair.items()}, path, {"lora_adapter_metadata": json.dumps(notes)}
    )
    _, up = open_weights(current(), path).adapter.pairs[MIDDLE]
    assert up[0, 0] == alpha / 4


@pytest.mark.parametrize("notes", ["x", "[]", '{"unet.lora_alpha": []}', '{"unet.alpha_pattern": 3}'])
def test_notes_that_are_wrong_are_refused(tmp_path: Path, notes: str):
    save_file(a_pair(), tmp_path / "notes.safetensors", {"lora_adapter_metadata": notes})
    with pytest.raises(Failure, match="lora_adapter_metadata in it is not what peft writes"):
        open_weights(current(), tmp_path / "notes.safetensors")


def test_a_layer_that_comes_twice_is_refused(tmp_path: Path):
    twice = {f"lora_unet_{MIDDLE.replace('.', '_')}.{end}": one.clone() for end, one in PAIR.items()}
    assert "is for the same layer" in refusal(a_pair() | twice, tmp_path / "twice.safetensors")


def test_half_a_pair_is_refused(tmp_path: Path):
    half = {key: one for key, one in a_pair().items() if "down" in key}
    save_file(half, tmp_path / "half.safetensors")
    with pytest.raises(Failure, match=f"^{next(iter(half))} does not fit: the other half"):
        open_weights(current(), tmp_path / "half.safetensors")
