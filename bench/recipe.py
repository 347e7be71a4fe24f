"""Is `pivotal` no worse than the public recipe? Both train on the same images for as many steps, and draw 24 subjects that these do
not show.

    .venv/bin/python bench/recipe.py [--style fluent-3d|firefox|blob] [--steps N] [--sheet FILE.png]

Three styles: Fluent 3D, which the base has never seen, with pictures of that style as the truth; and two of the base's own,
whose name no caption says, drawn by the base itself, training images and truth alike. Exits 1 where ours is less like the truth
than theirs by more than NOISE, which is what another training seed changes.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import io
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import plain
import quality
import torch
from PIL import Image
from public_recipe import PublicRecipe
from scores import Scorer, open_picture
from sheet import write_sheet

NOISE = 0.015
BATCH, RANK = 4, 16
INFERENCE_STEPS = 12
OWN_STYLES = ("firefox", "blob")
SEED, TRUTH_SEED = 1, 1000


@dataclass(frozen=True)
class Style:
    """An archive to train on, and the subjects that it does not show, with their true pictures."""

    name: str
    archive: Path
    subjects: list[quality.Subject]


def main() -> int:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--style", choices=["fluent-3d", *OWN_STYLES])
    arguments.add_argument("--steps", type=int, default=200)
    arguments.add_argument("--sheet", type=Path, help="also write a contact sheet: base, theirs, ours, truth")
    given = arguments.parse_args()
    names = [given.style] if given.style else ["fluent-3d", *OWN_STYLES]
    scorer, worse = quality.make_scorer(), []
    with tempfile.TemporaryDirectory(prefix="recipe-") as folder:
        for name in names:
            style = make_style(name, Path(folder))
            if compare(
                style,
                scorer,
                given.steps,
                Path(folder),
                given.sheet and given.sheet.with_stem(f"{given.sheet.stem}-{name}"),
            ):
                worse.append(name)
    print(f"worse than the public recipe: {', '.join(worse) or 'none'}")
    return 1 if worse else 0


def compare(style: Style, scorer: Scorer, steps: int, folder: Path, sheet: Path | None) -> bool:
    """Prints likeness and naming of base, public recipe and ours; true where ours is worse."""
    with quiet():
        ours = plain.train(input_images=style.archive, max_train_steps=steps, seed=0, sample_steps=0)
    theirs = train_theirs(style, steps, folder)
    drawn = {
        "base": draw(None, [subject.plain_caption for subject in style.subjects]),
        "public recipe": draw(theirs, [subject.caption for subject in style.subjects]),
        "ours": draw(ours, [subject.caption for subject in style.subjects]),
    }
    truths, names = [one.truth for one in style.subjects], [one.name for one in style.subjects]
    likeness = {who: float(np.mean(scorer.likeness(pictures, truths))) for who, pictures in drawn.items()}
    named = {who: float(np.mean(scorer.named(pictures, names))) for who, pictures in drawn.items()}
    for who in drawn:
        print(f"{style.name:10} {who:14} likeness {likeness[who]:.3f}   named {named[who]:.2f}", flush=True)
    if sheet:
        write_sheet(sheet, [*drawn.values(), truths])
    return likeness["ours"] < likeness["public recipe"] - NOISE


def train_theirs(style: Style, steps: int, folder: Path) -> Path:
    """As a tar of ours, so that one and the same code draws with both."""
    from adapter import Adapter
    from weights import Weights, write_weights
    from words import Words

    captions, pictures = read_archive(style.archive)
    pixels = torch.stack([torch.from_numpy(np.array(picture)).permute(2, 0, 1) / 127.5 - 1 for picture in pictures])
    defaults = {field.name: field.default for field in plain.MODEL.train_fields}
    rates = {name: defaults[name] for name in ("lora_lr", "ti_lr")}
    recipe = PublicRecipe(plain.ROOT / "bases" / "emoji", pixels, captions, RANK, rates, seed=0)
    recipe.train(steps, BATCH)
    pairs, rows = recipe.trained()
    path = folder / f"{style.name}-theirs.tar"
    write_weights(path, Weights(adapter=Adapter(pairs), words=Words({"TOK": range(2)}, rows), card={}))
    return path


def make_style(name: str, folder: Path) -> Style:
    held_out = quality.read_subjects()
    if name == "fluent-3d":
        return Style(name, plain.DEMO_ZIP, held_out)
    captions, _ = read_archive(plain.DEMO_ZIP)
    archive = folder / f"{name}.zip"
    pictures = draw(None, [caption.replace("TOK", name) for caption in captions], TRUTH_SEED)
    table = io.StringIO()
    csv.writer(table).writerows([("caption", "image_file"), *((one, f"{at}.png") for at, one in enumerate(captions))])
    with zipfile.ZipFile(archive, "w") as file:
        for place, picture in enumerate(pictures):
            data = io.BytesIO()
            picture.save(data, "PNG")
            file.writestr(f"{place}.png", data.getvalue())
        file.writestr("caption.csv", table.getvalue())
    truths = draw(None, [subject.caption.replace("TOK", name) for subject in held_out], TRUTH_SEED + len(captions))
    subjects = [
        quality.Subject(one.name, one.caption, one.plain_caption, truth)
        for one, truth in zip(held_out, truths, strict=True)
    ]
    return Style(name, archive, subjects)


def read_archive(path: Path) -> tuple[list[str], list[Image.Image]]:
    with zipfile.ZipFile(path) as archive:
        rows = list(csv.DictReader(io.TextIOWrapper(archive.open("caption.csv"), encoding="utf-8")))
        files = [io.BytesIO(archive.read(row["image_file"])) for row in rows]
    return [row["caption"] for row in rows], [open_picture(file) for file in files]


def draw(weights: Path | None, prompts: list[str], seed: int = SEED) -> list[Image.Image]:
    """A picture of each prompt, each with a seed of its own."""
    predictor = plain.make_predictor(weights)
    with quiet():
        return [
            Image.open(plain.draw(predictor, prompt=prompt, seed=seed + place, num_inference_steps=INFERENCE_STEPS)[0])
            for place, prompt in enumerate(prompts)
        ]


def quiet():
    return contextlib.redirect_stdout(io.StringIO())


if __name__ == "__main__":
    sys.exit(main())
