"""How a training fits into a device's memory, as a table. The figures of SDXL are those that were measured on an H100."""

from __future__ import annotations

import json

import pytest
from conftest import ROOT, Functions, members
from footprint import activation_bytes
from memory import GIB, Need, plan_memory

SDXL = {
    "block_out_channels": (320, 640, 1280),
    "layers_per_block": 2,
    "transformer_layers_per_block": (1, 2, 10),
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
}
# UNet in bfloat16, both text encoders, the VAE in float32, and the LoRA with its running mean and start.
LOADED = (4.8 + 1.5 + 0.3 + 0.5) * GIB
LORA = 46_400_000 * 12


def need(resolution: int) -> Need:
    side = resolution // 8
    return Need(LORA, activation_bytes(SDXL, side, 2, False), activation_bytes(SDXL, side, 2, True))


@pytest.mark.parametrize(("resolution", "measured"), [(512, 12.7), (768, 19.5), (1024, 28.0)])
def test_what_four_images_take_is_what_was_measured(resolution: int, measured: float):
    peak = (LOADED + LORA + 4 * need(resolution).image) / GIB
    assert peak == pytest.approx(measured, rel=0.1)


@pytest.mark.parametrize(
    ("card", "resolution", "batch", "at_once", "recomputed"),
    [
        (80, 1024, 4, 4, False),
        (80, 1024, 16, 8, False),
        (40, 1024, 4, 4, False),
        (24, 512, 4, 4, False),
        (24, 768, 4, 4, False),
        (24, 1024, 4, 2, False),
        (16, 512, 4, 4, False),
        (16, 1024, 4, 4, True),
        (12, 1024, 4, 1, True),
        (12, 768, 4, 2, True),
        (8, 1024, 4, 1, True),
    ],
)
def test_the_fastest_way_that_fits(card: int, resolution: int, batch: int, at_once: int, recomputed: bool):
    free = card * 0.95 * GIB - LOADED
    plan = plan_memory(free, need(resolution), batch, recompute_asked=False)
    assert (plan.images_at_once, plan.recomputed) == (at_once, recomputed), plan.reason


def test_the_plan_says_why():
    free = 12 * 0.95 * GIB - LOADED
    reason = plan_memory(free, need(1024), 4, False).reason
    assert reason.startswith(
        "Memory: 1 of a batch's 4 images at a time, activations computed twice, for it takes about "
    )
    assert "GiB of the 4.3 that are free; all at a time would take 2" in reason
    assert "may not be enough" in plan_memory(1 * GIB, need(1024), 4, False).reason
    assert "all 4 images of a batch at a time, for it" in plan_memory(70 * GIB, need(1024), 4, False).reason


def test_what_was_asked_for_is_done():
    assert plan_memory(70 * GIB, need(512), 4, recompute_asked=True).recomputed


def test_a_batch_in_parts_is_the_same_batch(functions: Functions, monkeypatch):
    """Little memory: the noise is that of the whole batch, and the losses are the same but for the last bits."""
    given = {"train_batch_size": 3, "gradient_accumulation_steps": 2, "caption_dropout": 0.3}
    whole = functions.train(**given)
    monkeypatch.setattr("training.read_free_bytes", lambda _device: 0.1 * GIB)
    parts = functions.train(**given)
    assert "Memory: 1 of a batch's 3 images at a time, activations computed twice" in parts.log
    assert "Memory: " not in whole.log
    one, other = (dict(json.loads(members(called.result)["model_card.json"])["loss"]) for called in (whole, parts))
    assert one == pytest.approx(other, rel=1e-4)


def test_the_embedded_base_fits_everywhere():
    unet = json.loads((ROOT / "bases" / "emoji" / "unet" / "config.json").read_text())
    assert 64 * activation_bytes(unet, 16, 4, False) < 2 * GIB
