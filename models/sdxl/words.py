"""What a token string in a prompt stands for: rows of its own in each text encoder's vocabulary, or words that are there.

Finds the strings in a text, whole-word and case-exact. Knows nothing about tokenizers or encoders.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

Meaning = range | str


@dataclass(frozen=True)
class Words:
    """Token strings with what they stand for.

    `meanings` maps a token string to the numbers of rows that were learnt for it, or to a text of the base's own vocabulary, as
    which it is read. `rows` holds one float32 tensor [rows, width] for each text encoder, and is empty where none were learnt.
    """

    meanings: dict[str, Meaning]
    rows: list[torch.Tensor]

    def learnt(self) -> dict[str, range]:
        return {token: rows for token, rows in self.meanings.items() if isinstance(rows, range)}

    def read_as(self) -> dict[str, str]:
        return {token: text for token, text in self.meanings.items() if isinstance(text, str)}

    def triggers(self) -> list[str]:
        """What is written in another program, which knows no token string but those it has an embedding for."""
        return list(dict.fromkeys(self.read_as().get(token, token) for token in self.meanings))


def rows_of(token_strings: Iterable[str], each: int) -> dict[str, range]:
    """Gives each token string rows of its own, in order: of two `each` the first one has 0 and 1, the second one 2 and 3."""
    return {token: range(each * place, each * (place + 1)) for place, token in enumerate(token_strings)}


def split(text: str, token_strings: Iterable[str]) -> list[str]:
    """Cuts a text at its token strings: the odd places of the list are token strings, the even ones what lies between.

    A token string may hold any characters; it is compared as it is, never read as a pattern. The longest one wins.
    """
    longest_first = sorted(filter(None, token_strings), key=len, reverse=True)
    parts, start, place = [], 0, 0
    while place < len(text):
        token = next((token for token in longest_first if _stands_at(text, place, token)), None)
        if token is None:
            place += 1
            continue
        parts += [text[start:place], token]
        start = place = place + len(token)
    return [*parts, text[start:]]


def read_token_strings(text: str) -> list[str]:
    """Several concepts stand between commas: TOK,HAT."""
    return list(dict.fromkeys(token for part in text.split(",") if (token := part.strip())))


def without(text: str, token_strings: Iterable[str]) -> str:
    """What is left of a caption that names no trained word: "a TOK emoji of a fox" is "an emoji of a fox"."""
    parts = split(text, token_strings)
    left = parts[0]
    for after in parts[2::2]:
        before = re.sub(r"\b(?:in|by) (?:the )?style of\s*$", "", left)
        after = re.sub(r"^\s*,", "", after)
        vowel = re.match(r"\s*[aeiou]", after, re.IGNORECASE)
        left = re.sub(r"\b([Aa])n?\s*$", rf"\g<1>{'n' if vowel else ''} ", before) + after
    return " ".join(left.split())


def contains(text: str, token_string: str) -> bool:
    """Whether the text holds the token string as a whole word."""
    return len(split(text, [token_string])) > 1


def count_naming(captions: Iterable[str], token_strings: Iterable[str]) -> int:
    """How many of the captions hold at least one of the token strings."""
    tokens = list(token_strings)
    return sum(len(split(caption, tokens)) > 1 for caption in captions)


def _stands_at(text: str, place: int, token: str) -> bool:
    if not text.startswith(token, place):
        return False
    end = place + len(token)
    glued_before = place > 0 and _in_word(text[place - 1]) and _in_word(token[0])
    glued_after = end < len(text) and _in_word(text[end]) and _in_word(token[-1])
    return not (glued_before or glued_after)


def _in_word(character: str) -> bool:
    return character == "_" or unicodedata.category(character)[0] in "LMN"
