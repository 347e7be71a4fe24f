"""Draws pictures from text with the base and, folded into it for the moment, a model's weights."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import torch
from base import Base, Conditioning, current
from PIL import Image
from progress import Progress
from weights import Weights, read_weights
from words import contains

import runner

__all__ = ["NO_WEIGHTS", "current", "draw", "load_weights"]

NO_WEIGHTS = Weights(adapter=None, words=None, card={})


def load_weights(base: Base, path: Path) -> Weights:
    """Reads a tar of trained weights. Raises `runner.Failure` when it was trained on another base."""
    weights = read_weights(path)
    targets = base.adapter_targets()
    for name, (down, up) in weights.adapter.pairs.items() if weights.adapter else ():
        layer = targets.get(name)
        if layer is None or (up.shape[0], down.shape[1]) != layer.weight.shape:
            raise runner.Failure("weights_unusable", f"{path.name} was trained on another base: {name} does not fit.")
    widths = [table.shape[1] for table in base.token_tables()]
    if weights.words and [rows.shape[1] for rows in weights.words.rows] != widths:
        raise runner.Failure("weights_unusable", f"{path.name} was trained on another base: its words do not fit.")
    return weights


def draw(base: Base, weights: Weights, inputs: dict) -> list[Path]:
    """Draws by `predict`'s inputs and writes `out-0.png` … Picture n is the one that seed + n draws alone."""
    refuse_what_would_draw_wrong(base, inputs)
    seed = secrets.randbits(32) if inputs["seed"] is None else inputs["seed"]
    print(f"Using seed: {seed}")
    say_about_prompt(base, weights, inputs["prompt"])
    with ExitStack() as stack:
        if weights.adapter:
            stack.enter_context(weights.adapter.folded(base.adapter_targets(), inputs["lora_scale"]))
        pictures = sample(base, weights, inputs, seed)
    # A folder of its own: outside a run two predictions share runner.folder().
    folder = Path(tempfile.mkdtemp(prefix="pictures-", dir=runner.folder()))
    paths = [folder / f"out-{place}.png" for place in range(len(pictures))]
    for path, picture in zip(paths, pictures, strict=True):
        picture.save(path)
    return paths


@torch.no_grad()
def sample(base: Base, weights: Weights, inputs: dict, seed: int) -> list[Image.Image]:
    count, size = inputs["num_outputs"], (inputs["height"], inputs["width"])
    positive = base.encode_text(inputs["prompt"], weights.words, size)
    negative = base.encode_negative(inputs["negative_prompt"], weights.words, size)
    progress = Progress(inputs["num_inference_steps"], "steps")

    def after_step(step: int) -> None:
        progress(min(step, progress.total))
        runner.turn(step)

    return denoise(
        base.pipeline(inputs["scheduler"]),
        base,
        [positive] * count,
        negative,
        size,
        inputs["num_inference_steps"],
        inputs["guidance_scale"],
        [seed + place for place in range(count)],
        after_step,
    )


@torch.no_grad()
def denoise(
    pipeline,
    base: Base,
    positives: list[Conditioning],
    negative: Conditioning,
    size: tuple[int, int],
    steps: int,
    guidance: float,
    seeds: list[int],
    after_step: Callable[[int], object],
) -> list[Image.Image]:
    """A picture of height and width `size` for each of `positives`, from the noise that its seed draws.

    Calls `after_step` with the number of each step that is done, from 1.
    """

    def on_step_end(_pipeline, place: int, _timestep, tensors: dict) -> dict:
        after_step(place + 1)
        return tensors

    latents = pipeline(
        prompt_embeds=torch.cat([one.context for one in positives]),
        pooled_prompt_embeds=torch.cat([one.pooled for one in positives]),
        negative_prompt_embeds=negative.context.repeat(len(positives), 1, 1),
        negative_pooled_prompt_embeds=negative.pooled.repeat(len(positives), 1),
        height=size[0],
        width=size[1],
        num_inference_steps=steps,
        guidance_scale=guidance,
        generator=[torch.Generator(base.device).manual_seed(seed) for seed in seeds],
        callback_on_step_end=on_step_end,
        output_type="latent",
    ).images
    return to_pictures(base.decode_latents(latents))


def to_pictures(pixels_BCHW: torch.Tensor) -> list[Image.Image]:
    pixels_BHWC = (pixels_BCHW * 0.5 + 0.5).clamp(0, 1).permute(0, 2, 3, 1).float().cpu().numpy()
    return [Image.fromarray((pixels * 255).round().astype("uint8")) for pixels in pixels_BHWC]


def refuse_what_would_draw_wrong(base: Base, inputs: dict) -> None:
    for name in ("image", "mask", "replicate_weights"):
        if inputs[name]:
            raise runner.Failure(
                "input_unsupported", f"{name}: this version of Easel draws from text only; leave it out."
            )
    for name in ("width", "height"):
        if inputs[name] % base.pixels_per_latent or inputs[name] <= 0:
            raise runner.Failure(
                "input_invalid", f"{name}: {inputs[name]} is not a multiple of {base.pixels_per_latent}."
            )


def say_about_prompt(base: Base, weights: Weights, prompt: str) -> None:
    spans = weights.words.spans if weights.words else {}
    if spans and not any(contains(prompt, token) for token in spans):
        print(f"The prompt does not use it: this model's word is {', '.join(spans)}")
    if left_out := base.count_tokens_left_out(prompt, spans):
        print(f"The prompt is too long by {left_out} tokens; its end is not drawn.")
