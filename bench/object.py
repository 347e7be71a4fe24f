"""Does a fine-tune draw the thing of `examples/teddy.zip`? Trains each technique on it and draws it on six grounds and on none.

    .venv/bin/python bench/object.py [--technique NAME …] [--sheet FILE.png] [INPUT=VALUE …]

Prints the mean cosine of CLIP features to the teddies of the zip, cut out by their masks and laid on white; the first row is
the base's, asked for "a teddy bear". The small CLIP takes patches in the right colours for much of a teddy: look at the sheet.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import zipfile
from pathlib import Path

import plain
from PIL import Image
from scores import SIDE
from sheet import write_sheet

ZIP = plain.ROOT / "examples" / "teddy.zip"
MASKS = plain.ROOT / "models" / "sdxl" / "tests" / "data" / "teddy-masks"
PLACES = [*(f" on a {colour} background" for colour in ("red", "blue", "green", "yellow", "purple", "pink")), "", ""]
TECHNIQUES = ["pivotal", "lora", "textual_inversion", "dreambooth"]


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--technique", choices=TECHNIQUES, nargs="+", default=TECHNIQUES)
    arguments.add_argument(
        "--sheet", type=Path, help="also write a contact sheet: the base, then a row for each technique"
    )
    arguments.add_argument(
        "inputs", nargs="*", metavar="INPUT=VALUE", help="of the training, such as initial_word=bear"
    )
    told = arguments.parse_args()
    inputs = {name: read_value(value) for name, _, value in (one.partition("=") for one in told.inputs)}
    from eye import Eye

    eye = Eye(plain.ROOT / "bases" / "emoji" / "clipseg", "cpu")
    truth = eye.see(cut_out())
    rows = [draw_row(None, "a teddy bear")]
    print(f"base                {(eye.see(rows[0]) @ truth.T).mean():.3f}", flush=True)
    for technique in told.technique:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            weights = plain.train(input_images=ZIP, seed=0, subject="object", technique=technique, **inputs)
        rows.append(draw_row(weights, "TOK"))
        print(f"{technique:<19} {(eye.see(rows[-1]) @ truth.T).mean():.3f}", flush=True)
    if told.sheet:
        write_sheet(told.sheet, rows)


def read_value(text: str) -> object:
    """A number or a truth value as such, everything else as a text."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def cut_out() -> list[Image.Image]:
    """The teddy of each picture alone, on white, as large as a picture."""
    pictures = []
    with zipfile.ZipFile(ZIP) as archive:
        for name in sorted(archive.namelist()):
            picture = Image.open(io.BytesIO(archive.read(name))).convert("RGB")
            mask = Image.open(MASKS / name).convert("L").resize(picture.size)
            alone = Image.new("RGB", picture.size, "white")
            alone.paste(picture, mask=mask)
            box = mask.point(lambda value: 255 * (value > 127)).getbbox()
            pictures.append(alone.crop(box).resize((SIDE, SIDE), Image.Resampling.LANCZOS))
    return pictures


def draw_row(weights: Path | None, thing: str) -> list[Image.Image]:
    """One picture for each of PLACES."""
    predictor = plain.make_predictor(weights)
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        files = [
            plain.draw(predictor, prompt=f"an emoji of {thing}{place}", seed=seed)[0]
            for seed, place in enumerate(PLACES, 1)
        ]
    return [Image.open(file).convert("RGB") for file in files]


if __name__ == "__main__":
    main()
