"""How a training fits into the memory that is free: how many images go through the network at a time, and whether activations
are computed twice. The batch that was asked for stays what it is: what does not go at a time is summed up."""

from __future__ import annotations

from dataclasses import dataclass

GIB = 2**30
# Workspaces of the libraries, the text encoders' activations, and samples drawn on the way.
RESERVE = 1.5 * GIB
# Gradients and AdamW's two moments, in float32, for each number that moves.
BYTES_PER_PARAMETER = 12
# A pass takes as long as its images and one more: 84, 206 and 386 ms for 1, 4 and 8 of 1024 px on an H100.
RECOMPUTED_TAKES = 1.46


@dataclass(frozen=True)
class MemoryPlan:
    """`reason` is for the log."""

    images_at_once: int
    recomputed: bool
    reason: str


@dataclass(frozen=True)
class Need:
    """In bytes: `kept` for what moves, `image` for an image's activations, `recomputed` for these where they are computed
    twice."""

    kept: float
    image: float
    recomputed: float

    def of(self, images: int, recomputed: bool) -> float:
        return self.kept + RESERVE + images * (self.recomputed if recomputed else self.image)


def plan_memory(free: float, need: Need, batch: int, recompute_asked: bool) -> MemoryPlan:
    """The fastest way that fits into `free` bytes; where none does, the one that needs least."""
    sizes = [batch, *(size for size in (32, 16, 8, 4, 2, 1) if size < batch)]
    ways = [(size, twice) for size in sizes for twice in ((True,) if recompute_asked else (False, True))]
    fitting = [way for way in ways if need.of(*way) <= free]
    size, twice = min(fitting, key=lambda way: _time(batch, *way)) if fitting else (1, True)
    said = (
        f"{size} of a batch's {batch} images at a time" if size < batch else f"all {batch} images of a batch at a time"
    )
    said += ", activations computed twice" if twice else ""
    numbers = f"it takes about {need.of(size, twice) / GIB:.1f} GiB of the {free / GIB:.1f} that are free"
    if not fitting:
        numbers += ", which may not be enough: a lower resolution or lora_rank needs less"
    elif (size, twice) != ways[0]:
        numbers += f"; all at a time would take {need.of(*ways[0]) / GIB:.1f}"
    return MemoryPlan(size, twice, f"Memory: {said}, for {numbers}.")


def _time(batch: int, size: int, twice: bool) -> float:
    return -(-batch // size) * (1 + size) * (RECOMPUTED_TAKES if twice else 1)


def read_free_bytes(device: str) -> float:
    """What a training may take: of a GPU what no one holds, of a host what Linux would give without swapping."""
    if device.startswith("cuda"):
        import torch

        free, _ = torch.cuda.mem_get_info(torch.device(device))
        # What the process holds and does not use, it gives to itself.
        return free + torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    with open("/proc/meminfo") as table:
        kibibytes = next((int(line.split()[1]) for line in table if line.startswith("MemAvailable:")), None)
    return float("inf") if kibibytes is None else kibibytes * 1024
