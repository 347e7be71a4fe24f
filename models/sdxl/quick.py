"""Pictures in few steps, for whoever only needs to see what the base, or a training, is at. Knows nothing about files."""

from __future__ import annotations

from collections.abc import Callable

import torch
from base import Base, Conditioning
from drawing import to_pictures
from PIL import Image
from sampling import Steps, Told, denoise
from words import Words

GUIDANCE, SCHEDULER = 5.0, "DPMSolverMultistep"
# With guidance the network sees twice as many at once, beside a training that has planned its own memory.
AT_A_TIME = 4


@torch.no_grad()
def draw_quickly(
    base: Base,
    words: Words | None,
    prompts: list[str],
    seeds: list[int],
    resolution: int,
    inference_steps: int,
    after_step: Callable[[], object],
) -> list[Image.Image]:
    """A square picture of each prompt, from the noise that its seed draws, with the networks as they stand."""
    if len(prompts) > AT_A_TIME:
        alike = (resolution, inference_steps, after_step)
        first = draw_quickly(base, words, prompts[:AT_A_TIME], seeds[:AT_A_TIME], *alike)
        return first + draw_quickly(base, words, prompts[AT_A_TIME:], seeds[AT_A_TIME:], *alike)
    size = (resolution, resolution)
    windows = max(base.count_windows(prompt, words.meanings if words else {}) for prompt in prompts)
    told = [base.encode_text(prompt, words, size, windows) for prompt in prompts]
    negative = base.encode_negative("", None, size, windows)
    latents = denoise(
        base,
        Steps(SCHEDULER, base.scheduler.config, inference_steps, base.device),
        Told(Conditioning.joined(told), Conditioning.joined([negative] * len(told)), GUIDANCE),
        base.latents_shape(size),
        [torch.Generator(base.device).manual_seed(seed) for seed in seeds],
        after_step,
    )
    return to_pictures(base, latents)
