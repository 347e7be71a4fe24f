"""A base with what a technique moves on it: the network that the training loop sees. Knows nothing about steps or files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import torch
from adapter import Adapter
from base import Base, Conditioning
from technique import Technique
from words import ROWS_PER_WORD, Words, spans_of

# Share of noise in rows that start from a word: two equal rows would stay equal.
APART = 0.1


class Tuning:
    """Builds the parameters of `technique` from `train`'s inputs and one seed, and answers the loop (see `loop.Network`).

    `sizes` [images, 6] is what the base is told about the images' sizes.
    """

    def __init__(
        self, base: Base, technique: Technique, captions: list[str], sizes: torch.Tensor, inputs: dict, seed: int
    ) -> None:
        generator = torch.Generator().manual_seed(seed)
        self.base, self.sizes = base, sizes.to(base.device)
        self.targets = base.adapter_targets()
        self.adapter = _new_adapter(self.targets, inputs, generator) if "lora" in technique.moves else None
        self.words = _new_words(base, inputs, generator) if "words" in technique.moves else None
        self.tokens = base.tokenize(captions, self.words.spans if self.words else {})
        self.empty = base.encode_negative("", None, (inputs["resolution"], inputs["resolution"]))
        self.cached: Conditioning | None = None if self.words else self._encode_all()

    def parameters(self, group: str) -> list[torch.Tensor]:
        return self.adapter.parameters() if group == "lora" else self.words.rows

    def trained_adapter(self) -> Adapter | None:
        return self.adapter.at_full_strength() if self.adapter else None

    @contextmanager
    def attached(self) -> Iterator[None]:
        """The adapter stands beside the base's layers until the block ends, and leaves no trace there."""
        with ExitStack() as stack:
            if self.adapter:
                stack.enter_context(self.adapter.beside(self.targets))
            yield

    def condition(self, rows: torch.Tensor, dropped: torch.Tensor | None) -> Conditioning:
        if self.cached:
            told = self.cached[rows]
        else:
            told = self.base.encode_prompts(self.tokens[rows], self.words.rows, self.sizes[rows])
        return told if dropped is None else told.without_text(dropped, self.empty)

    def predict(self, noisy: torch.Tensor, t: torch.Tensor, conditioning: Conditioning) -> torch.Tensor:
        return self.base.predict(noisy, t, conditioning)

    def freeze(self, group: str) -> None:
        """Once the words stay as they are, no text has to be read again."""
        if group == "words":
            self.cached = self._encode_all()

    @torch.no_grad()
    def _encode_all(self) -> Conditioning:
        return self.base.encode_prompts(self.tokens, self.words.rows if self.words else None, self.sizes)


def _new_adapter(targets: dict[str, torch.nn.Linear], inputs: dict, generator: torch.Generator) -> Adapter:
    rank = inputs["lora_rank"]
    return Adapter.create(targets, rank, generator, (inputs["lora_alpha"] or rank) / rank)


def _new_words(base: Base, inputs: dict, generator: torch.Generator) -> Words:
    """New rows around `initial_word`, a little apart from each other; without one, noise as large as the vocabulary's rows."""
    rows = []
    for start, table in zip(base.look_up(inputs["initial_word"] or ""), base.token_tables(), strict=True):
        noise = torch.randn(ROWS_PER_WORD, table.shape[1], generator=generator) * table.float().std().item()
        drawn = noise if start is None else start.float().cpu() + APART * noise
        rows.append(torch.nn.Parameter(drawn.to(base.device)))
    return Words(spans_of([inputs["token_string"]]), rows)
