"""A picture of ours, with trained weights, beside diffusers' bare pipeline on the same base: 25 steps with guidance.

    .venv/bin/python bench/picture.py [pictures]

The two take turns. Exits 1 above the bar. Also measures how long it takes until weights on the disk are in effect on the base,
and until those that were used lately are.
"""

from __future__ import annotations

import contextlib
import io
import statistics
import sys
import time
from pathlib import Path

import plain  # puts the model's files on the module path
import torch
from base import current
from mixture import mix
from opening import Shelf

BAR = 1.2
SWITCH_BAR_MS = 50
PROMPT = "a TOK emoji of a fox"


def main() -> int:
    from diffusers import StableDiffusionXLPipeline

    pictures = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    with contextlib.redirect_stdout(io.StringIO()):
        weights = plain.train(input_images=plain.DEMO_ZIP, max_train_steps=2, seed=0)
    predictor = plain.make_predictor(weights)
    bare = StableDiffusionXLPipeline.from_pretrained(plain.ROOT / "bases" / "emoji", dtype=torch.float32)
    bare.set_progress_bar_config(disable=True)
    ours, theirs, read, kept = [], [], [], []
    for seed in range(pictures):
        read.append(seconds(lambda: put_on(Shelf(current()), weights)))
        kept.append(seconds(lambda: put_on(predictor.shelf, weights)))
        ours.append(seconds(lambda seed=seed: plain.draw(predictor, prompt=PROMPT, seed=seed)))
        theirs.append(seconds(lambda seed=seed: draw_bare(bare, seed)))
    ratio = statistics.median(ours) / statistics.median(theirs)
    print(
        f"a picture   ours {statistics.median(ours):.2f} s   bare {statistics.median(theirs):.2f} s   {ratio:.2f} (bar {BAR})"
    )
    switch_ms = 1000 * statistics.median(read)
    print(
        f"a switch    {switch_ms:.0f} ms from the disk (bar {SWITCH_BAR_MS}), {1000 * statistics.median(kept):.0f} ms at hand, "
        f"{torch.get_num_threads()} threads"
    )
    return 0 if ratio <= BAR and switch_ms <= SWITCH_BAR_MS else 1


def put_on(shelf: Shelf, weights: Path) -> None:
    with mix([(shelf.open(weights), 1.0)]).on(shelf.base):
        pass


def draw_bare(pipeline, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    picture = pipeline(PROMPT, num_inference_steps=25, guidance_scale=4, generator=generator).images[0]
    picture.save(io.BytesIO(), "PNG")


def seconds(work) -> float:
    started = time.perf_counter()
    with contextlib.redirect_stdout(io.StringIO()):
        work()
    return time.perf_counter() - started


if __name__ == "__main__":
    sys.exit(main())
