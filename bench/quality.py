"""Is a fine-tune nearer to the truth than the base? Trains on the demo's zip and draws 24 subjects that no zip holds.

    .venv/bin/python bench/quality.py [--technique NAME …] [--sheet FILE.png]

The held-out pictures are of the trained style. Three sampling seeds, the same for base and fine-tune. Exits 1 when a bar is
missed: likeness to the truth (cosine of CLIP features) above the base's by its technique's margin, naming at least NAMING of
the base's, and no picture that is a copy of a training image. A sheet has a row for each technique between base and truth.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import io
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import plain
from PIL import Image
from scores import Scorer, distance_to_nearest, open_picture
from sheet import write_sheet

SEEDS = (1, 2, 3)
# How far a technique has to be above the base.
MARGINS = {"pivotal": 0.05, "lora": 0.0, "textual_inversion": 0.0, "dreambooth": 0.0}
NAMING = 0.8
DATA = Path(__file__).parent / "data"
SHEET_SUBJECTS = (
    "red apple",
    "fox",
    "rocket",
    "guitar",
    "octopus",
    "robot",
    "strawberry",
    "dog face",
    "key",
    "umbrella",
)


@dataclass(frozen=True)
class Subject:
    """`caption` holds the trained word; `plain_caption` is how the base is asked for the same."""

    name: str
    caption: str
    plain_caption: str
    truth: Image.Image


def main() -> int:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--technique", choices=MARGINS, nargs="+", default=["pivotal"], help="pivotal when left out")
    arguments.add_argument("--sheet", type=Path, help="also write a contact sheet: base, fine-tunes, truth")
    given = arguments.parse_args()
    subjects, scorer = read_subjects(), make_scorer()
    print("drawing with the base", flush=True)
    base = draw_all(None, [subject.plain_caption for subject in subjects])
    rows, missed = [base[0]], False
    for technique in given.technique:
        print(f"{technique}: training and drawing", flush=True)
        with contextlib.redirect_stdout(io.StringIO()):
            weights = plain.train(input_images=plain.DEMO_ZIP, seed=0, technique=technique)
        tuned = draw_all(weights, [subject.caption for subject in subjects])
        rows.append(tuned[0])
        missed |= not judge(subjects, scorer, base, tuned, MARGINS[technique])
    if given.sheet:
        write_sheet(given.sheet, choose_columns(subjects, rows))
    return int(missed)


def judge(subjects: list[Subject], scorer: Scorer, base: list[list], tuned: list[list], bar: float) -> bool:
    """Says how the fine-tune does, and returns whether it passes all three bars."""
    truths, names = [subject.truth for subject in subjects], [subject.name for subject in subjects]
    likeness = [np.mean([scorer.likeness(round_, truths) for round_ in rounds]) for rounds in (base, tuned)]
    naming = [np.mean([scorer.named(round_, names) for round_ in rounds]) for rounds in (base, tuned)]
    copies = count_copies(tuned, truths)
    margin, share = likeness[1] - likeness[0], naming[1] / naming[0]
    print(f"likeness to the truth  base {likeness[0]:.3f}   fine-tune {likeness[1]:.3f}   {margin:+.3f} (bar +{bar})")
    print(f"named in the top five  base {naming[0]:.3f}   fine-tune {naming[1]:.3f}   {share:.2f} of it (bar {NAMING})")
    print(f"copies                 {copies} of {sum(map(len, tuned))} (bar 0)")
    return bool(margin >= bar and share >= NAMING and copies == 0)


def count_copies(rounds: list[list[Image.Image]], truths: list[Image.Image]) -> int:
    """Pictures less than half as far from a training image as their own truth is."""
    with zipfile.ZipFile(plain.DEMO_ZIP) as archive:
        files = [io.BytesIO(archive.read(name)) for name in archive.namelist() if name.endswith(".png")]
    trained = [open_picture(file) for file in files]
    limits = [distance_to_nearest(truth, trained) / 2 for truth in truths]
    return sum(
        distance_to_nearest(picture, trained) < limit
        for pictures in rounds
        for picture, limit in zip(pictures, limits, strict=True)
    )


def draw_all(weights: Path | None, prompts: list[str]) -> list[list[Image.Image]]:
    """For each seed, a picture of each prompt."""
    predictor = plain.make_predictor(weights)
    with contextlib.redirect_stdout(io.StringIO()):
        return [
            [Image.open(plain.draw(predictor, prompt=prompt, seed=seed)[0]).convert("RGB") for prompt in prompts]
            for seed in SEEDS
        ]


def read_subjects() -> list[Subject]:
    folder = DATA / "fluent-3d-held-out"
    with (folder / "captions.csv").open(newline="") as table:
        rows = [(row["caption"], folder / row["image_file"]) for row in csv.DictReader(table)]
    return [
        Subject(path.stem.replace("-", " "), caption, caption.replace("a TOK emoji", "an emoji"), open_picture(path))
        for caption, path in rows
    ]


def make_scorer() -> Scorer:
    names = (DATA / "names.txt").read_text().splitlines()
    return Scorer(plain.ROOT / "bases" / "emoji" / "clipseg", [name for name in names if name])


def choose_columns(subjects: list[Subject], drawn: list[list[Image.Image]]) -> list[list[Image.Image]]:
    """What the base and the fine-tunes draw, and the true pictures, of the subjects that a sheet has room for."""
    names = [subject.name for subject in subjects]
    rows = [*drawn, [subject.truth for subject in subjects]]
    return [[pictures[names.index(name)] for name in SHEET_SUBJECTS] for pictures in rows]


if __name__ == "__main__":
    sys.exit(main())
