"""Preparing 20 photos of 12 megapixels with mask and caption by the embedded networks, then once more from the cache.

    .venv/bin/python bench/prepare.py

Each in a process of its own, imports included. Exits 1 above a bar: seconds on two quiet cores, and memory.
"""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image

ROOT = Path(__file__).parents[1]
PHOTOS = 20
FIRST_SECONDS, AGAIN_SECONDS, MEMORY_MB = 15, 1, 2000
PROGRAM = """
import contextlib, io, re, sys, time
import plain
started = time.perf_counter()
values = {field.name: field.default for field in plain.MODEL.train_fields}
from prepare import prepare
with contextlib.redirect_stdout(io.StringIO()):
    prepare(values | {"input_images": sys.argv[1], "mask_target_prompts": "a person"})
peak_kilobytes = re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1]
print(time.perf_counter() - started, int(peak_kilobytes) / 1000)
"""


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        archive = Path(folder) / "photos.zip"
        write_photos(archive)
        first, memory = measure(archive, Path(folder) / "cache")
        again, _ = measure(archive, Path(folder) / "cache")
    print(f"{PHOTOS} photos  {first:.1f} s (bar {FIRST_SECONDS})   {memory:.0f} MB (bar {MEMORY_MB})")
    print(f"once more  {again:.2f} s (bar {AGAIN_SECONDS})")
    return 0 if first <= FIRST_SECONDS and again <= AGAIN_SECONDS and memory <= MEMORY_MB else 1


def measure(archive: Path, cache: Path) -> tuple[float, float]:
    """Seconds, and the most memory in MB, of one preparation."""
    environment = {**os.environ, "EASEL_CACHE": str(cache), "PYTHONPATH": str(ROOT / "bench")}
    command = [sys.executable, "-c", PROGRAM, str(archive)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, env=environment, text=True)
    seconds, memory = map(float, re.findall(r"[\d.]+", done.stdout))
    return seconds, memory


def write_photos(path: Path) -> None:
    """A portrait with the noise of a camera, another one in each photo."""
    portrait = Image.open(ROOT / "models" / "sdxl" / "tests" / "data" / "astronaut.jpg").resize((4000, 3000))
    pixels = np.asarray(portrait, dtype=np.float32)
    generator = np.random.default_rng(0)
    with zipfile.ZipFile(path, "w") as archive:
        for place in range(PHOTOS):
            noisy = (pixels + generator.normal(0, 6, pixels.shape)).clip(0, 255).astype(np.uint8)
            data = io.BytesIO()
            Image.fromarray(noisy).save(data, "JPEG", quality=92)
            archive.writestr(f"IMG_{place:04d}.jpg", data.getvalue())


if __name__ == "__main__":
    sys.exit(main())
