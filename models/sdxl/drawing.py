"""Draws pictures with the base and, folded into it for the moment, a model's weights. Several predictions that are alike
enough are drawn as one batch. Knows nothing about steps."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import torch
from base import Base, Conditioning, current
from canvas import Canvas
from orders import Order, read_order
from PIL import Image
from progress import Progress
from sampling import Ground, Told, denoise
from stages import Stage, plan_stages
from weights import Weights, read_weights
from words import Words

import runner

__all__ = ["NO_WEIGHTS", "current", "draw", "load_weights"]

NO_WEIGHTS = Weights(adapter=None, words=None, card={})
# What `num_outputs` needs memory for; more at a time make no GPU faster.
PICTURES_AT_ONCE = 4


def load_weights(base: Base, path: Path) -> Weights:
    """Reads a tar of trained weights. Raises `runner.Failure` when it was trained on another base."""
    weights = read_weights(path)
    targets = base.adapter_targets()
    for name, (down, up) in weights.adapter.pairs.items() if weights.adapter else ():
        layer = targets.get(name)
        if layer is None or (up.shape[0], down.shape[1]) != layer.weight.shape:
            raise runner.Failure("weights_unusable", f"{path.name} was trained on another base: {name} does not fit.")
    for name in weights.whole.misfits(base.networks()) if weights.whole else ():
        raise runner.Failure("weights_unusable", f"{path.name} was trained on another base: {name} does not fit.")
    widths = [table.shape[1] for table in base.token_tables()]
    if weights.words and [rows.shape[1] for rows in weights.words.rows] != widths:
        raise runner.Failure("weights_unusable", f"{path.name} was trained on another base: its words do not fit.")
    return replace(weights, whole=weights.whole.to(base.device, base.dtype)) if weights.whole else weights


def draw(base: Base, weights: Weights, inputs: dict) -> list[Path]:
    """Draws by `predict`'s inputs and writes `out-0.png` … Picture n is the one that seed + n draws alone."""
    order = read_order(base, weights.words, inputs)
    with ExitStack() as stack:
        if weights.whole:
            stack.enter_context(weights.whole.in_place(base.networks()))
        if weights.adapter:
            stack.enter_context(weights.adapter.folded(base.adapter_targets(), inputs["lora_scale"]))
        return save(sample(base, weights.words, [order])[0])


def save(pictures: list[Image.Image]) -> list[Path]:
    # A folder of its own: outside a run two predictions share runner.folder().
    folder = Path(tempfile.mkdtemp(prefix="pictures-", dir=runner.folder()))
    paths = [folder / f"out-{place}.png" for place in range(len(pictures))]
    for path, picture in zip(paths, pictures, strict=True):
        picture.save(path)
    return paths


def sample(base: Base, words: Words | None, orders: Sequence[Order]) -> list[list[Image.Image]]:
    """Each order's pictures. In all but prompts and seeds the first one's inputs count."""
    places = [(order, seed) for order in orders for seed in order.seeds]
    batches = [places[start : start + PICTURES_AT_ONCE] for start in range(0, len(places), PICTURES_AT_ONCE)]
    stages = [plan_stages(base, orders[0].inputs, orders[0].canvas is not None) for _ in batches]
    counted = Counted(sum(len(stage.steps) for planned in stages for stage in planned))
    drawn = [
        picture
        for batch, planned in zip(batches, stages, strict=True)
        for picture in sample_batch(base, words, batch, planned, counted)
    ]
    pictures = iter(drawn)
    return [[next(pictures) for _ in order.seeds] for order in orders]


@torch.no_grad()
def sample_batch(
    base: Base, words: Words | None, batch: list[tuple[Order, int]], stages: list[Stage], after_step: Counted
) -> list[Image.Image]:
    """A picture for each order and seed."""
    orders, canvas = [order for order, _ in batch], batch[0][0].canvas
    if canvas and not stages:
        print("prompt_strength: at 0 the image stays as it is.")
        return [canvas.picture] * len(batch)
    generators = [torch.Generator(base.device).manual_seed(seed) for _, seed in batch]
    start = lay_ground(base, canvas, len(batch)) if canvas else base.latents_shape(orders[0].size)
    latents = None
    for stage in stages:
        if stage.over and latents is not None:
            start, latents = Ground(latents, start.repainted if isinstance(start, Ground) else None), None
        told = tell(stage.network, words, orders)
        latents = denoise(stage.network, stage.steps, told, start, generators, after_step, under_way=latents)
    drawn = to_pictures(base, latents)
    return [canvas.under(picture) for picture in drawn] if canvas else drawn


def lay_ground(base: Base, canvas: Canvas, count: int) -> Ground:
    latents, _ = base.encode_images(canvas.pixels())
    repainted = canvas.repainted(base.pixels_per_latent)
    return Ground(
        latents.repeat(count, 1, 1, 1), None if repainted is None else repainted.to(base.device).repeat(count, 1, 1, 1)
    )


def tell(network: Base, words: Words | None, orders: list[Order]) -> Told:
    """What a network is told about each order's picture. Texts that need fewer windows than others get empty ones."""
    texts = [order.inputs[name] for order in orders for name in ("prompt", "negative_prompt")]
    windows = max(network.count_windows(text, words.spans if words else {}) for text in texts)
    positive = [network.encode_text(order.inputs["prompt"], words, order.size, windows) for order in orders]
    negative = [
        network.encode_negative(order.inputs["negative_prompt"], words, order.size, windows) for order in orders
    ]
    return Told(Conditioning.joined(positive), Conditioning.joined(negative), orders[0].inputs["guidance_scale"])


def to_pictures(base: Base, latents_BCHW: torch.Tensor) -> list[Image.Image]:
    """One at a time: in float32 the VAE takes more memory for a picture than the network does."""
    return [to_picture(base.decode_latents(latents[None])[0]) for latents in latents_BCHW]


def to_picture(pixels_CHW: torch.Tensor) -> Image.Image:
    pixels_HWC = (pixels_CHW * 0.5 + 0.5).clamp(0, 1).permute(1, 2, 0).float().cpu().numpy()
    return Image.fromarray((pixels_HWC * 255).round().astype("uint8"))


class Counted:
    """Says how many of all the steps are done, and takes a turn after each."""

    def __init__(self, total: int) -> None:
        self.progress, self.done = Progress(max(1, total), "steps"), 0

    def __call__(self) -> None:
        self.done += 1
        self.progress(self.done)
        runner.turn(self.done)
