"""Opens weights by what is in them, sees that they fit the base, and keeps the last ones at hand."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from pathlib import Path

from base import Base
from fitting import misfit, refuse_misfits
from foreign.tensors import read_tensors
from safetensors import SafetensorError
from weights import Weights, read_weights

import runner

# A LoRA of SDXL with rank 32 takes 186 MB.
KEPT_BYTES_MAX = 1_000_000_000


class Shelf:
    """The weights that were used last, as far as they take no more than `bytes_max` together; at least the very last."""

    def __init__(self, base: Base, bytes_max: int = KEPT_BYTES_MAX) -> None:
        self.base, self._bytes_max = base, bytes_max
        self._kept: OrderedDict[tuple, Weights] = OrderedDict()

    def open(self, path: Path, token_string: str | None = None) -> Weights:
        """See `open_weights`. A file is known by its path, size and time; stored ones never change."""
        try:
            stat = path.stat()
        except OSError as error:
            raise runner.Failure(
                "weights_unusable", f"there is no file of weights at {path}. Give them again."
            ) from error
        key = (str(path), stat.st_size, stat.st_mtime_ns, token_string)
        weights = self._kept.pop(key, None)
        # A whole network is larger than the bound: it goes before another takes its memory.
        self._shrink(0)
        self._kept[key] = weights or open_weights(self.base, path, token_string)
        self._shrink(1)
        return self._kept[key]

    def _shrink(self, count: int) -> None:
        while len(self._kept) > count and self.bytes() > self._bytes_max:
            self._kept.popitem(last=False)

    def bytes(self) -> int:
        return sum(tensor.nbytes for weights in self._kept.values() for tensor in weights.tensors())


def open_weights(base: Base, path: Path, token_string: str | None = None) -> Weights:
    """Reads our tar or cog-sdxl's, or another program's LoRA or embedding in .safetensors.

    `token_string` is what its word is called, where it has one. Raises `runner.Failure` naming what does not fit the base.
    """
    with path.open("rb") as file:
        head = file.read(512)
    if head[257:262] == b"ustar":
        return _named(_fitting(base, read_weights(path), path.name), token_string)
    if head.startswith((b"PK", b"\x80")) and not _begins_like_safetensors(head):
        raise runner.Failure(
            "weights_unusable",
            "it is a .ckpt, .pt, .bin or .zip file. Opening such a file could run any program, so it is not opened: take the "
            "same weights as .safetensors.",
        )
    try:
        return read_tensors(base, path, token_string)
    except SafetensorError as error:
        raise runner.Failure(
            "weights_unusable",
            f"it is neither a tar of trained weights nor a whole .safetensors file ({error}). Give a tar of Easel or Replicate, or "
            "a LoRA or embedding as .safetensors.",
        ) from error


def _begins_like_safetensors(head: bytes) -> bool:
    """The length of a JSON object and its beginning: the length's own bytes may be any."""
    return int.from_bytes(head[:8], "little") < 100_000_000 and head[8:9] == b"{"


def _fitting(base: Base, weights: Weights, name: str) -> Weights:
    networks = {key: dict(network.named_parameters()) for key, network in base.networks().items()}

    def shape_in_base(network: str, weight: str) -> tuple[int, ...] | None:
        return tuple(networks[network][weight].shape) if weight in networks[network] else None

    refuse_misfits(weights, shape_in_base, name)
    widths = [table.shape[1] for table in base.token_tables()]
    if weights.words and weights.words.rows and [rows.shape[1] for rows in weights.words.rows] != widths:
        raise misfit(name, "its word")
    return replace(weights, whole=weights.whole.to(base.device, base.dtype)) if weights.whole else weights


def _named(weights: Weights, token_string: str | None) -> Weights:
    if not token_string or not weights.words:
        return weights
    if len(weights.words.meanings) > 1:
        several = ", ".join(weights.words.meanings)
        raise runner.Failure(
            "input_invalid", f"token_string: these weights have several words, {several}. Leave it out."
        )
    [meaning] = weights.words.meanings.values()
    return replace(weights, words=replace(weights.words, meanings={token_string: meaning}))
