"""Draws pictures with the base and, folded into it for the moment, weights. Predictions that are alike enough are drawn as one
batch. Knows nothing about steps."""

from __future__ import annotations

import tempfile
from collections.abc import Hashable, Sequence
from pathlib import Path

import torch
from base import Base, Conditioning, current
from canvas import Canvas
from mixture import Mixture, mix
from opening import Shelf
from orders import Order, read_order
from PIL import Image
from progress import Progress
from sampling import Ground, Told, denoise
from stages import Stage, plan_stages
from threads import Threads
from weights import Weights
from words import Words

import runner

__all__ = ["NO_WEIGHTS", "Shelf", "batch_key", "current", "draw", "draw_together"]

NO_WEIGHTS = Weights(adapter=None, words=None, card={})
# What `num_outputs` needs memory for; more at a time make no GPU faster.
PICTURES_AT_ONCE = 4
# What may differ between predictions of a batch.
OF_ONE_PICTURE = {"prompt", "negative_prompt", "seed", "num_outputs", "apply_watermark", "disable_safety_checker"}


def draw(shelf: Shelf, weights: Weights, inputs: dict) -> list[Path]:
    """Draws by `predict`'s inputs and writes `out-0.png` … Picture n is the one that seed + n draws alone."""
    mixture = choose_weights(shelf, weights, inputs)
    order = read_order(shelf.base, mixture.words, inputs)
    with mixture.on(shelf.base):
        return save(sample(shelf.base, mixture.words, [order])[0])


def batch_key(shelf: Shelf, weights: Weights, inputs: dict) -> Hashable | None:
    """Equal for predictions that can be drawn together; None for one that is drawn alone: with files of its own, say."""
    if inputs["image"] or inputs["mask"] or inputs["replicate_weights"] or inputs["loras"]:
        return None
    # Of texts that are read in different numbers of windows, the shorter would be drawn otherwise than alone.
    meanings = weights.words.meanings if weights.words else {}
    windows = max(shelf.base.count_windows(inputs[name], meanings) for name in ("prompt", "negative_prompt"))
    return (windows, *(inputs[name] for name in sorted(inputs) if name not in OF_ONE_PICTURE))


def draw_together(shelf: Shelf, weights: Weights, calls: Sequence[dict]) -> list[list[Path] | Exception]:
    """As `draw`, for several predictions with one `batch_key`. One that cannot be drawn does not keep the others from it."""
    mixture = choose_weights(shelf, weights, calls[0])
    orders: dict[int, Order] = {}
    answers: dict[int, list[Path] | Exception] = {}
    for number, inputs in enumerate(calls):
        with runner.call(number):
            try:
                orders[number] = read_order(shelf.base, mixture.words, inputs)
            except runner.Failure as failure:
                answers[number] = failure
    if orders:
        with mixture.on(shelf.base):
            drawn = sample(shelf.base, mixture.words, list(orders.values()))
        for number, pictures in zip(orders, drawn, strict=True):
            with runner.call(number):
                answers[number] = save(pictures)
    return [answers[number] for number in range(len(calls))]


def choose_weights(shelf: Shelf, weights: Weights, inputs: dict) -> Mixture:
    """The model's own weights or, in their place, those of `replicate_weights`; and all of `loras`. Raises `runner.Failure`
    naming the input and what does not fit."""
    if inputs["replicate_weights"]:
        weights = open_named(shelf, "replicate_weights", Path(inputs["replicate_weights"]), None)
    parts = [(weights, inputs["lora_scale"])]
    for place, lora in enumerate(inputs["loras"] or ()):
        more = open_named(shelf, f"loras.{place}", lora.url, lora.token_string)
        if more.whole:
            raise runner.Failure(
                "input_invalid",
                f"loras.{place}: it is a whole model, with nothing to add. Give it as replicate_weights.",
            )
        parts.append((more, lora.scale))
    return mix(parts)


def open_named(shelf: Shelf, name: str, path: Path, token_string: str | None) -> Weights:
    try:
        return shelf.open(path, token_string)
    except runner.Failure as failure:
        raise runner.Failure(failure.code, f"{name}: {failure.message}") from failure


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
    # One prediction's pictures are the same bytes however busy the machine is; batches come about by chance anyway.
    threads = Threads(base.device, shared=len(orders) > 1)
    drawn = [
        picture
        for batch, planned in zip(batches, stages, strict=True)
        for picture in sample_batch(base, words, batch, planned, threads, counted)
    ]
    pictures = iter(drawn)
    return [[next(pictures) for _ in order.seeds] for order in orders]


@torch.no_grad()
def sample_batch(
    base: Base,
    words: Words | None,
    batch: list[tuple[Order, int]],
    stages: list[Stage],
    threads: Threads,
    after_step: Counted,
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
        network = threads.over(stage.network)
        latents = denoise(network, stage.steps, told, start, generators, after_step, under_way=latents)
    with threads.as_many():
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
    windows = max(network.count_windows(text, words.meanings if words else {}) for text in texts)
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
