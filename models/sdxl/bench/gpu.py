"""What a training takes on a GPU at SDXL's real size, beside a loop like that of Replicate's trainer, in one run.

    .venv/bin/python models/sdxl/bench/gpu.py [--tiny]

Builds a base with random weights (7 GB, in a temporary folder). Prints step time and memory by resolution and batch, the time
from zip to weights, and pictures per second. Exits 1 where a bar is missed, which are those of one H100 or H200. `--tiny` is
its own test: the same on a CPU with a base of a thousandth of the size, and without bars.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import io
import os
import statistics
import sys
import tempfile
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image

ROOT = Path(__file__).parents[3]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

from cog_loop import CogLoop
from random_base import build_base

from runner.model import Model
from runner.report import Nobody, listen
from runner.rules import settle

# In seconds, on one H100 or H200.
STEP_BARS = {(512, 4): 0.085, (1024, 4): 0.215}
ZIP_TO_WEIGHTS_BAR = 110.0
NAMED_CARDS = ("H100", "H200")
WARM_UP = 10
RIVAL_WARM_UP = 2
GIB = 2**30


@dataclass(frozen=True)
class Scale:
    """What is measured: `shapes` are resolution and batch."""

    base: str
    shapes: list[tuple[int, int]]
    steps: int
    rival_steps: int
    whole_steps: int
    rank: int
    inference_steps: int
    side: int


REAL = Scale("sdxl", [(512, 4), (768, 4), (1024, 1), (1024, 4)], 200, 12, 1000, 32, 30, 1024)
TINY = Scale("tiny", [(64, 2)], 24, 2, 24, 4, 2, 64)


class Clock(Nobody):
    """When each step of a training ended, and when each stage began."""

    def __init__(self) -> None:
        self.ends: list[float] = []
        self.stages: list[tuple[str, float]] = []

    def stage(self, name: str, done: int | None, total: int | None) -> None:
        if not self.stages or self.stages[-1][0] != name:
            self.stages.append((name, time.perf_counter()))

    def progress(self, step: int, total: int) -> None:
        self.ends.append(time.perf_counter())

    def step_seconds(self) -> list[float]:
        return [later - earlier for earlier, later in zip(self.ends, self.ends[1:], strict=False)]


def main() -> int:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--tiny", action="store_true")
    tiny = arguments.parse_args().tiny
    if not tiny and not torch.cuda.is_available():
        print("There is no GPU here. --tiny runs the same on a CPU, to see that it runs.")
        return 1
    scale, device = (TINY, "cpu") if tiny else (REAL, "cuda:0")
    with tempfile.TemporaryDirectory(prefix="easel-bench-") as folder:
        os.environ.setdefault("EASEL_CACHE", str(Path(folder) / "cache"))
        return measure(scale, device, Path(folder))


def measure(scale: Scale, device: str, folder: Path) -> int:
    card = torch.cuda.get_device_name() if device.startswith("cuda") else "CPU"
    started = time.perf_counter()
    base = build_base(folder / "base", scale.base, device)
    print(f"{card}, torch {torch.__version__}: base built in {time.perf_counter() - started:.0f} s", flush=True)
    model = Model(ROOT / "models" / "sdxl", base, device)
    archive = write_archive(folder / "images.zip", scale.side)
    missed = []
    for resolution, batch in scale.shapes:
        missed += measure_step(model, archive, base, device, scale, resolution, batch)
    missed += measure_whole(model, archive, scale)
    judged = any(name in card for name in NAMED_CARDS)
    print("Bars are not judged on this device." if not judged else f"missed: {', '.join(missed) or 'none'}")
    return 1 if judged and missed else 0


def measure_step(
    model: Model, archive: Path, base: Path, device: str, scale: Scale, resolution: int, batch: int
) -> list[str]:
    """Ours and theirs, each alone on the device. Returns what missed its bar."""
    given = {"resolution": resolution, "train_batch_size": batch, "max_train_steps": scale.steps, "publish": "last"}
    reset_peak(device)
    clock, _, log = train(model, archive, scale, **given, sample_steps=0)
    seconds, peak = clock.step_seconds(), read_peak(device)
    half = scale.steps // 2
    phases = [statistics.median(part[WARM_UP:]) for part in (seconds[:half], seconds[half:])]
    ours = statistics.mean(phases)
    # What recording and first steps cost beyond the usual, spread over a training of 1000 steps.
    once = sum(seconds) - sum(phases) * len(seconds) / 2
    mean = ours + max(0.0, once) / 1000
    theirs, their_peak = measure_rival(base, device, scale, resolution, batch)
    name = f"{resolution} px, batch {batch}"
    print(
        f"{name:18} step {1000 * ours:7.1f} ms (words and LoRA {1000 * phases[0]:.1f}, LoRA alone {1000 * phases[1]:.1f}; mean "
        f"over 1000 steps {1000 * mean:.1f})   theirs {1000 * theirs:7.1f} ms   {theirs / mean:.1f} times as fast   "
        f"peak {peak:.1f} GiB   theirs {their_peak:.1f}",
        flush=True,
    )
    for line in log.splitlines():
        if line.startswith(("Memory:", "The step cannot", "Each phase's")):
            print(f"  {line}", flush=True)
    bar = STEP_BARS.get((resolution, batch))
    if bar:
        print(f"  bar {1000 * bar:.0f} ms")
    return [f"step at {name}"] if bar and mean > bar else []


def measure_rival(base: Path, device: str, scale: Scale, resolution: int, batch: int) -> tuple[float, float]:
    """Median seconds a step and the peak of memory, without what our base holds beside it."""
    held = read_allocated(device)
    reset_peak(device)
    rival = CogLoop(base, device, resolution, batch, scale.rank)
    seconds = []
    for _ in range(RIVAL_WARM_UP + scale.rival_steps):
        started = time.perf_counter()
        rival.step()
        seconds.append(time.perf_counter() - started)
    peak = read_peak(device) - held
    del rival
    if device.startswith("cuda"):
        torch.cuda.empty_cache()
    return statistics.median(seconds[RIVAL_WARM_UP:]), peak


def measure_whole(model: Model, archive: Path, scale: Scale) -> list[str]:
    """From zip to weights with all that a training does by default, in a process that holds its base; then pictures."""
    resolution, batch = scale.shapes[0]
    given = {"resolution": resolution, "train_batch_size": batch, "max_train_steps": scale.whole_steps}
    started = time.perf_counter()
    clock, weights, _ = train(model, archive, scale, **given)
    seconds = time.perf_counter() - started
    print(
        f"zip to weights, {scale.whole_steps} steps at {resolution} px, batch {batch}: {seconds:.1f} s "
        f"(bar {ZIP_TO_WEIGHTS_BAR:.0f} s on an H100), steps with their samples and scores {sum(clock.step_seconds()):.1f} s"
    )
    for (name, began), ended in zip(
        clock.stages, [at for _, at in clock.stages[1:]] + [started + seconds], strict=True
    ):
        print(f"  {name:12} {ended - began:6.1f} s")
    print(
        f"pictures of {scale.side} px, {scale.inference_steps} steps: {draw_rate(model, weights, scale):.2f} a second"
    )
    return ["zip to weights"] if seconds > ZIP_TO_WEIGHTS_BAR else []


def draw_rate(model: Model, weights: Path, scale: Scale) -> float:
    """Pictures a second, four at a time, after a first four."""
    predictor = model.predictor_class()
    predictor.setup(weights)
    given = {field.name: field.default for field in model.predict_fields} | {
        "prompt": "a TOK picture",
        "width": scale.side,
        "height": scale.side,
        "num_outputs": 4,
        "num_inference_steps": scale.inference_steps,
    }
    seconds = []
    for seed in (0, 1):
        started = time.perf_counter()
        with contextlib.redirect_stdout(io.StringIO()):
            pictures = list(predictor.predict(**given | {"seed": seed}))
        seconds.append((time.perf_counter() - started) / len(pictures))
    return 1 / seconds[-1]


def train(model: Model, archive: Path, scale: Scale, **given) -> tuple[Clock, Path, str]:
    clock, log = Clock(), io.StringIO()
    given |= {"input_images": archive, "seed": 0, "lora_rank": scale.rank, "initial_word": "style"}
    fields = settle(model.train_fields, model.train_rules, given)
    listen(clock)
    try:
        with contextlib.redirect_stdout(log):
            result = model.train(**{field.name: field.default for field in fields} | given)
    finally:
        listen(Nobody())
    return clock, Path(result.weights), log.getvalue()


def write_archive(path: Path, side: int) -> Path:
    """Sixteen pictures of noise, with captions, none of which has to be enlarged."""
    random = np.random.default_rng(0)
    table = io.StringIO()
    rows = csv.writer(table)
    rows.writerow(["caption", "image_file"])
    with zipfile.ZipFile(path, "w") as archive:
        for place in range(16):
            coarse = random.integers(0, 256, (16, 16, 3), dtype=np.uint8)
            data = io.BytesIO()
            Image.fromarray(coarse).resize((side, side), Image.Resampling.BICUBIC).save(data, "PNG")
            archive.writestr(f"{place}.png", data.getvalue())
            rows.writerow([f"a TOK picture, number {place}", f"{place}.png"])
        archive.writestr("caption.csv", table.getvalue())
    return path


def reset_peak(device: str) -> None:
    if device.startswith("cuda"):
        torch.cuda.reset_peak_memory_stats()


def read_peak(device: str) -> float:
    return torch.cuda.max_memory_allocated() / GIB if device.startswith("cuda") else 0.0


def read_allocated(device: str) -> float:
    return torch.cuda.memory_allocated() / GIB if device.startswith("cuda") else 0.0


if __name__ == "__main__":
    sys.exit(main())
