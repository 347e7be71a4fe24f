"""Progress as lines that Replicate's clients can read from the log, and as numbers for the runner."""

from __future__ import annotations

import time

import runner

BAR_WIDTH = 20


class Progress:
    """Prints at most a line for every two percent, each starting with `NN%|bar| step/total`."""

    def __init__(self, total: int, unit: str) -> None:
        self.total, self.unit = total, unit
        self.started = time.monotonic()
        self.percent_shown = -2

    def __call__(self, step: int, note: str = "") -> None:
        runner.progress(step, self.total)
        percent = 100 * step // self.total
        if step < self.total and percent < self.percent_shown + 2:
            return
        self.percent_shown = percent
        elapsed = time.monotonic() - self.started
        left = elapsed * (self.total - step) / max(1, step)
        bar = ("█" * (BAR_WIDTH * step // self.total)).ljust(BAR_WIDTH)
        speed = f"{elapsed:.0f}s<{left:.0f}s, {step / elapsed:.2f} {self.unit}/s"
        print(f"{percent:3d}%|{bar}| {step}/{self.total} [{speed}{note}]", flush=True)
