"""Losses and gradient norms on their way from the device to the host. On a GPU they are read one step late: by then they are
there, and the host has already given the device its next step. Knows nothing about what they mean."""

from __future__ import annotations

import torch


class Readings:
    """Of `steps` steps, each two numbers."""

    def __init__(self, steps: int, device: torch.device) -> None:
        self.on_gpu = device.type == "cuda"
        # How many steps the host may be ahead of what it has read.
        self.late = 1 if self.on_gpu else 0
        self.numbers = torch.zeros(steps, 2, pin_memory=self.on_gpu)
        self.arrivals: dict[int, torch.cuda.Event] = {}

    def send(self, step: int, numbers: torch.Tensor) -> None:
        """Takes a step's `numbers` [2] from the device, without waiting for them."""
        self.numbers[step - 1].copy_(numbers, non_blocking=True)
        if self.on_gpu:
            self.arrivals[step] = torch.cuda.Event()
            self.arrivals[step].record()

    def read(self, step: int) -> tuple[float, float]:
        """Waits for a step's numbers, once."""
        if self.on_gpu:
            self.arrivals.pop(step).synchronize()
        first, second = self.numbers[step - 1].tolist()
        return first, second
