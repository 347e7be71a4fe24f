"""Class images: what the base itself draws of the kind of thing that a training is about, so that this is not forgotten (prior
preservation, Ruiz et al., 2022). Drawn once, and kept for the next training. Knows nothing about how they count."""

from __future__ import annotations

import io
from dataclasses import dataclass

from base import Base
from PIL import Image
from prepare import cache
from quick import GUIDANCE, SCHEDULER, draw_quickly
from words import read_token_strings, without

import runner

INFERENCE_STEPS = 20
BATCH = 4


@dataclass(frozen=True)
class ClassImage:
    """`seed` decides its noise; a training's own seed has no part in it."""

    prompt: str
    seed: int
    picture: Image.Image

    @property
    def name(self) -> str:
        return f"class image {self.seed} ({self.prompt})"


def make_class_images(base: Base, captions: list[str], inputs: dict) -> list[ClassImage]:
    """`num_class_images` pictures of `class_prompt`, or of the captions without their token strings, one after the other."""
    if not inputs["prior_loss_weight"]:
        return []
    tokens = read_token_strings(inputs["token_string"])
    prompts = [inputs["class_prompt"]] if inputs["class_prompt"] else [without(caption, tokens) for caption in captions]
    wanted = [(prompts[seed % len(prompts)], seed) for seed in range(inputs["num_class_images"])]
    keys = {place: _key(base, *place, inputs["resolution"]) for place in wanted}
    files = {place: kept["image.png"] for place, key in keys.items() if (kept := cache.recall(key))}
    missing = [place for place in wanted if place not in files]
    for start in range(0, len(missing), BATCH):
        runner.stage("drawing class images", start, len(missing))
        batch = missing[start : start + BATCH]
        for place, picture in zip(batch, _draw(base, batch, inputs["resolution"]), strict=True):
            data = io.BytesIO()
            picture.save(data, "PNG")
            files[place] = data.getvalue()
            cache.keep(keys[place], {"image.png": files[place]})
    print(f"{len(wanted)} class images, {len(missing)} of them drawn now: {', '.join(dict.fromkeys(prompts))}")
    return [ClassImage(*place, Image.open(io.BytesIO(files[place])).convert("RGB")) for place in wanted]


def _key(base: Base, prompt: str, seed: int, resolution: int) -> str:
    how = [INFERENCE_STEPS, GUIDANCE, SCHEDULER]
    return cache.key_of(kind="class image", base=base.sha256, prompt=prompt, seed=seed, resolution=resolution, how=how)


def _draw(base: Base, wanted: list[tuple[str, int]], resolution: int) -> list[Image.Image]:
    prompts, seeds = [prompt for prompt, _ in wanted], [seed for _, seed in wanted]
    return draw_quickly(base, None, prompts, seeds, resolution, INFERENCE_STEPS, lambda: runner.turn(0))
