"""What echo's trainings and predictions share, as those of SDXL share a base: one voice, which a training holds."""

from collections.abc import Iterator
from contextlib import contextmanager

_held = False


@contextmanager
def hold() -> Iterator[None]:
    """A training has the voice until the block ends."""
    global _held
    _held = True
    try:
        yield
    finally:
        _held = False


@contextmanager
def lend() -> Iterator[None]:
    """A training gives the voice away for the length of the block."""
    global _held
    _held = False
    try:
        yield
    finally:
        _held = True


def speak(words: str) -> None:
    """Raises RuntimeError while a training has the voice."""
    if _held:
        raise RuntimeError("a training has echo's voice")
    print(f"echo: {words}")
