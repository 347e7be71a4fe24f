"""Several weights on one base at once, each with what it counts. Knows nothing about files or drawing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import torch
from adapter import fold
from base import Base
from weights import Weights
from words import Meaning, Words


@dataclass(frozen=True)
class Mixture:
    """`parts` are weights with their scales. Their words are those of all; of two for one token string the first counts."""

    parts: Sequence[tuple[Weights, float]]
    words: Words | None

    @contextmanager
    def on(self, base: Base) -> Iterator[None]:
        """The base has the weights until the block ends, and then its very own again."""
        adapters = [(weights.adapter, scale) for weights, scale in self.parts if weights.adapter and scale]
        with ExitStack() as stack:
            for weights, _ in self.parts:
                if weights.whole:
                    stack.enter_context(weights.whole.in_place(base.networks()))
            stack.enter_context(fold(base.foldable_layers, adapters))
            yield


def mix(parts: Sequence[tuple[Weights, float]]) -> Mixture:
    """Says which words cannot be used because another's is called the same. Whole networks can only be the first part's."""
    meanings: dict[str, Meaning] = {}
    rows: list[list[torch.Tensor]] = []
    for weights, _ in parts:
        if not weights.words:
            continue
        start = sum(len(one[0]) for one in rows)
        for token, meaning in weights.words.meanings.items():
            if token in meanings:
                print(
                    f"Two of the weights have a word {token}: the first one counts. token_string gives the other a new name."
                )
            else:
                meanings[token] = (
                    meaning if isinstance(meaning, str) else range(start + meaning.start, start + meaning.stop)
                )
        if weights.words.rows:
            rows.append(weights.words.rows)
    words = Words(meanings, [torch.cat(of_encoder) for of_encoder in zip(*rows, strict=True)]) if meanings else None
    return Mixture(parts, words)
