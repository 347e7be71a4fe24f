"""How one text encoder reads a text: cut at trained words and numbered by its tokenizer, in as many windows as it takes, with
trained rows put in their places. Knows nothing about what is made of it.

B = batch, T = tokens, C = channels.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import torch
from words import Meaning, split


def cut_windows(tokenizer, text: str, meanings: dict[str, Meaning], vocabulary: int) -> list[list[int]]:
    """A text's token numbers in windows, each as long as the encoder reads at once, with its own beginning and end.

    Of `meanings`, rows are numbers past the `vocabulary`, and a text is read in its token string's place. No word is cut in two that fits into a window.
    """
    room = tokenizer.model_max_length - 2
    windows: list[list[int]] = [[]]
    for word in _words(tokenizer, text, meanings, vocabulary):
        for part in (word[start : start + room] for start in range(0, len(word), room)):
            if len(windows[-1]) + len(part) > room:
                windows.append([])
            windows[-1] += part
    framed = ([tokenizer.bos_token_id, *ids, tokenizer.eos_token_id] for ids in windows)
    return [ids + [tokenizer.pad_token_id] * (tokenizer.model_max_length - len(ids)) for ids in framed]


def _words(tokenizer, text: str, meanings: dict[str, Meaning], vocabulary: int) -> Iterator[list[int]]:
    for place, part in enumerate(split(text, meanings)):
        meaning = meanings[part] if place % 2 else part
        if isinstance(meaning, range):
            yield [vocabulary + row for row in meaning]
            continue
        word: list[int] = []
        ids = tokenizer(meaning, add_special_tokens=False, verbose=False).input_ids
        for number, piece in zip(ids, tokenizer.convert_ids_to_tokens(ids), strict=True):
            word.append(number)
            if piece.endswith("</w>"):
                yield word
                word = []
        if word:
            yield word


def read(encoder, ids_BT: torch.Tensor, rows: torch.Tensor | None):
    """The encoder's outputs with all hidden states. Numbers past its vocabulary are `rows`; differentiable in them."""
    vocabulary = len(encoder.get_input_embeddings().weight)
    own_BT = ids_BT < vocabulary
    with _rows_in_place(encoder.get_input_embeddings(), rows, ids_BT - vocabulary, own_BT):
        return getattr(encoder, "text_model", encoder)(input_ids=ids_BT.where(own_BT, 0), output_hidden_states=True)


@contextlib.contextmanager
def _rows_in_place(
    embedding: torch.nn.Embedding, rows: torch.Tensor | None, row_BT: torch.Tensor, own_BT: torch.Tensor
) -> Iterator[None]:
    """Puts trained rows on the embedding's output, so that the vocabulary itself is neither grown nor copied."""
    if rows is None:
        yield
        return

    def put(_module, _inputs, output_BTC: torch.Tensor) -> torch.Tensor:
        # An embedding's backward adds up in a fixed order; that of indexing does not, and a seed would not reproduce.
        trained_BTC = torch.nn.functional.embedding(row_BT.clamp(min=0), rows)
        return torch.where(own_BT[..., None], output_BTC, trained_BTC.to(output_BTC.dtype))

    handle = embedding.register_forward_hook(put)
    try:
        yield
    finally:
        handle.remove()
