"""What one prediction asks for, checked and read: its inputs, its pictures' seeds and size, and what is drawn over."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from base import Base
from canvas import Canvas, read_canvas
from refining import SETTING, find_refiner
from words import Words, contains

import runner

# Twice the base's own side, across and down: beyond, it draws everything several times over, and memory ends.
SIDES_MAX, PIXELS_MAX_AT_LEAST = 2, 512 * 512


@dataclass(frozen=True)
class Order:
    """`inputs` are `predict`'s; `size` is height and width; picture n of it is the one that seed n draws alone."""

    inputs: dict
    seeds: list[int]
    size: tuple[int, int]
    canvas: Canvas | None


def read_order(base: Base, words: Words | None, inputs: dict) -> Order:
    """Reads a prediction's inputs and says what the user should know of them. Raises `runner.Failure` naming the input that
    cannot be meant."""
    native = base.unet.config.sample_size * base.pixels_per_latent
    pixels_max = max((SIDES_MAX * native) ** 2, PIXELS_MAX_AT_LEAST)
    canvas = None
    if inputs["image"]:
        canvas = read_canvas(inputs["image"], inputs["mask"], base.pixels_per_latent, pixels_max)
    else:
        _refuse_mask(inputs)
        _refuse_size(inputs, base.pixels_per_latent, pixels_max)
    _refuse_refine_steps(inputs)
    seed = secrets.randbits(32) if inputs["seed"] is None else inputs["seed"]
    print(f"Using seed: {seed}")
    _say_about_prompts(base, words, inputs)
    if inputs["refine"] != "no_refiner" and find_refiner(base) is base:
        print(f"There is no refiner for this base: it goes over its own picture. {SETTING} names a folder with one.")
    size = canvas.size if canvas else (inputs["height"], inputs["width"])
    return Order(inputs, [seed + place for place in range(inputs["num_outputs"])], size, canvas)


def _say_about_prompts(base: Base, words: Words | None, inputs: dict) -> None:
    meanings = words.meanings if words else {}
    if meanings and not any(contains(inputs["prompt"], token) for token in meanings):
        print(f"The prompt does not use it: this model's word is {', '.join(meanings)}")
    for name in ("prompt", "negative_prompt"):
        if (windows := base.count_windows(inputs[name], meanings)) > 1:
            print(f"{name}: it is long, and read in {windows} parts.")


def _refuse_mask(inputs: dict) -> None:
    if inputs["mask"]:
        raise runner.Failure("input_invalid", "mask: there is no image that it could be a mask of. Give image too.")


def _refuse_size(inputs: dict, multiple: int, pixels_max: int) -> None:
    for name in ("width", "height"):
        if inputs[name] % multiple or inputs[name] <= 0:
            raise runner.Failure(
                "input_invalid", f"{name}: {inputs[name]} is no multiple of {multiple} above 0. Give one."
            )
    pixels = inputs["width"] * inputs["height"]
    if pixels > pixels_max:
        raise runner.Failure(
            "input_invalid",
            f"width: with this height it makes {pixels:,} pixels; {pixels_max:,} are the most. Lower one of them.",
        )


def _refuse_refine_steps(inputs: dict) -> None:
    steps = inputs["refine_steps"]
    if steps is not None and not 1 <= steps <= 500:
        raise runner.Failure("input_invalid", f"refine_steps: {steps} is not between 1 and 500. Give a number that is.")
