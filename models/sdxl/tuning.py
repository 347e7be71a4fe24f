"""A base with what a technique moves on it: the network that the training loop sees. Knows nothing about steps or files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext

import torch
from adapter import Adapter
from base import Base, Conditioning, Tokens
from technique import Technique
from whole import Whole
from words import Words, read_token_strings, rows_of

# The networks that each group stands for.
NETWORKS = {"unet": ("unet",), "text_encoders": ("text_encoder", "text_encoder_2")}
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
        self.base, self.sizes, self.dtype = base, sizes.to(base.device), base.dtype
        self.targets = base.adapter_targets(inputs["lora_targets"])
        self.adapter = _new_adapter(self.targets, inputs, generator) if "lora" in technique.moves else None
        learns_words = "words" in technique.moves
        self.words = _new_words(base, inputs, generator) if learns_words else _read_as_initial_word(inputs)
        self.whole = _new_whole(base, technique)
        self.tokens = base.tokenize(captions, self.words.meanings if self.words else {})
        self.empty = base.encode_negative("", None, (inputs["resolution"], inputs["resolution"]))
        texts_move = learns_words or "text_encoders" in technique.moves
        self.cached: Conditioning | None = None if texts_move else self._encode_all()

    def parameters(self, group: str) -> list[torch.Tensor]:
        if group in NETWORKS:
            return self.whole.parameters(*NETWORKS[group])
        return self.adapter.parameters() if group == "lora" else self.words.rows

    def trained_adapter(self) -> Adapter | None:
        return self.adapter.at_full_strength() if self.adapter else None

    @contextmanager
    def attached(self) -> Iterator[None]:
        """What moves stands beside the base's layers, or in their place, until the block ends, and leaves no trace there."""
        with ExitStack() as stack:
            if self.whole:
                stack.enter_context(self.whole.in_place(self.base.networks()))
            if self.adapter:
                stack.enter_context(self.adapter.beside(self.targets))
            yield

    @contextmanager
    def detached(self) -> Iterator[None]:
        """Inside `attached`: until the block ends the base is its own, as a prediction needs it."""
        with self.adapter.aside(self.targets) if self.adapter else nullcontext():
            yield

    def condition(self, rows: torch.Tensor, dropped: torch.Tensor | None) -> Conditioning:
        if self.cached:
            told = self.cached[rows]
        else:
            told = self._encode(self.tokens[rows], self.sizes[rows])
        return told if dropped is None else told.without_text(dropped, self.empty)

    def predict(self, noisy: torch.Tensor, t: torch.Tensor, conditioning: Conditioning) -> torch.Tensor:
        return self.base.predict(noisy, t, conditioning)

    def freeze(self, group: str) -> None:
        """Once the words stay as they are, no text has to be read again."""
        if group == "words":
            self.cached = self._encode_all()

    @torch.no_grad()
    def _encode_all(self) -> Conditioning:
        return self._encode(self.tokens, self.sizes)

    def _encode(self, tokens: Tokens, sizes: torch.Tensor) -> Conditioning:
        return self.base.encode_prompts(tokens, self.words.rows if self.words else None, sizes)


def _new_adapter(targets: dict[str, torch.nn.Linear], inputs: dict, generator: torch.Generator) -> Adapter:
    rank = inputs["lora_rank"]
    return Adapter.create(targets, rank, generator, (inputs["lora_alpha"] or rank) / rank)


def _new_whole(base: Base, technique: Technique) -> Whole | None:
    names = [name for group in technique.moves for name in NETWORKS.get(group, ())]
    return Whole.trainable({name: base.stored_weights(name) for name in names}) if names else None


def _read_as_initial_word(inputs: dict) -> Words | None:
    """What stands in for rows that nothing learns: to a base that never met the token string it is noise, which hides the words
    beside it. Several token strings stay as they are, for one word could not tell them apart."""
    tokens = read_token_strings(inputs["token_string"])
    if not inputs["initial_word"] or len(tokens) > 1:
        return None
    return Words({tokens[0]: inputs["initial_word"]}, [])


def _new_words(base: Base, inputs: dict, generator: torch.Generator) -> Words:
    """New rows for each token string, around `initial_word` and a little apart from each other; without one, noise as large as
    the vocabulary's rows."""
    tokens, each = read_token_strings(inputs["token_string"]), inputs["num_vectors"]
    rows = []
    for start, table in zip(base.look_up(inputs["initial_word"] or "", each), base.token_tables(), strict=True):
        noise = torch.randn(each * len(tokens), table.shape[1], generator=generator) * table.float().std().item()
        drawn = noise if start is None else start.float().cpu().repeat(len(tokens), 1) + APART * noise
        rows.append(torch.nn.Parameter(drawn.to(base.device)))
    return Words(rows_of(tokens, each), rows)
