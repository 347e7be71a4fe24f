"""A picture of ours, with trained weights, beside diffusers' bare pipeline on the same base: 25 steps with guidance.

    .venv/bin/python bench/picture.py [pictures]

The two take turns. Exits 1 above the bar. Also prints how long a switch to other weights takes.
"""

from __future__ import annotations

import contextlib
import io
import statistics
import sys
import time

import plain
import torch

BAR = 1.2
PROMPT = "a TOK emoji of a fox"


def main() -> int:
    from diffusers import StableDiffusionXLPipeline

    pictures = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    with contextlib.redirect_stdout(io.StringIO()):
        weights = plain.train(input_images=plain.DEMO_ZIP, max_train_steps=2, seed=0)
    predictor = plain.make_predictor(weights)
    bare = StableDiffusionXLPipeline.from_pretrained(plain.ROOT / "bases" / "emoji", dtype=torch.float32)
    bare.set_progress_bar_config(disable=True)
    ours, theirs, switches = [], [], []
    for seed in range(pictures):
        switches.append(seconds(lambda: predictor.switch(weights)))
        ours.append(seconds(lambda seed=seed: plain.draw(predictor, prompt=PROMPT, seed=seed)))
        theirs.append(seconds(lambda seed=seed: draw_bare(bare, seed)))
    ratio = statistics.median(ours) / statistics.median(theirs)
    print(
        f"a picture   ours {statistics.median(ours):.2f} s   bare {statistics.median(theirs):.2f} s   {ratio:.2f} (bar {BAR})"
    )
    print(f"a switch    {1000 * statistics.median(switches):.0f} ms, {torch.get_num_threads()} threads")
    return 0 if ratio <= BAR else 1


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
