"""Writes safetensors files in half precision, one tensor in memory at a time. Knows nothing about what the tensors are.

The same tensors and notes give the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import torch

import runner

HASHED = "0" * 64


@dataclass(frozen=True)
class Entry:
    """A tensor to be written: its name, its shape, and how to get it when its turn has come."""

    name: str
    shape: tuple[int, ...]
    make: Callable[[], torch.Tensor]


def write_tensors(path: Path, entries: list[Entry], notes: dict[str, str]) -> None:
    """Writes float16 `entries` in their order, with `notes` as the file's metadata; whole or not at all.

    Where a note says `HASHED`, it gets the SHA-256 of all tensors' bytes.
    """
    if any(HASHED in note for note in notes.values()):
        digest = _hash(entries)
        notes = {name: note.replace(HASHED, digest) for name, note in notes.items()}
    partial = path.with_name(f"{path.name}.partial")
    try:
        with partial.open("wb") as file:
            file.write(_header(entries, notes))
            for entry in entries:
                file.write(_bytes(entry))
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def count_bytes(entries: list[Entry], notes: dict[str, str]) -> int:
    """How many bytes `write_tensors` would write."""
    return len(_header(entries, notes)) + sum(_size_bytes(entry) for entry in entries)


def held(tensors: dict[str, torch.Tensor]) -> list[Entry]:
    """Entries of tensors that are in memory already, by name."""
    return [Entry(name, tuple(tensor.shape), lambda tensor=tensor: tensor) for name, tensor in sorted(tensors.items())]


def _header(entries: Iterable[Entry], notes: dict[str, str]) -> bytes:
    header: dict[str, object] = {"__metadata__": {"format": "pt", **notes}}
    end = 0
    for entry in entries:
        start, end = end, end + _size_bytes(entry)
        header[entry.name] = {"dtype": "F16", "shape": list(entry.shape), "data_offsets": [start, end]}
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text


def _size_bytes(entry: Entry) -> int:
    return 2 * math.prod(entry.shape)


def _hash(entries: list[Entry]) -> str:
    total = hashlib.sha256()
    for entry in entries:
        total.update(_bytes(entry))
    return total.hexdigest()


def _bytes(entry: Entry) -> bytes:
    half = entry.make().detach().to("cpu", torch.float16).contiguous()
    if not torch.isfinite(half).all():
        raise runner.Failure(
            "weights_unusable", f"{entry.name} holds numbers too large for half precision. Ask for format=replicate."
        )
    return half.numpy().tobytes()
