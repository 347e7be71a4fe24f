"""Captions that came with the images, and the trained word in each. Knows nothing about pictures or networks.

The server reads the same files by the same rules when it reports about an archive before a training.
"""

from __future__ import annotations

import csv
import io
import unicodedata
from dataclasses import dataclass

from words import contains

import runner

COLUMNS = {"caption", "image_file"}


@dataclass(frozen=True)
class Caption:
    """`source`: edit, csv, txt, or made (by BLIP). `note` says what was changed about it."""

    text: str
    source: str
    note: str | None = None


@dataclass(frozen=True)
class CaptionTable:
    """Captions as their owner wrote them, by image file."""

    rows: dict[str, str]

    def find(self, name: str) -> str | None:
        """The caption of an image by its path in the archive, or by the longest end of it that a row has."""
        return next((self.rows[end] for end in _ends(name) if end in self.rows), None)

    def without_image(self, names: list[str]) -> list[str]:
        """Rows that name no image."""
        known = {end for name in names for end in _ends(name)}
        return [row for row in self.rows if row not in known]


NO_TABLE = CaptionTable({})


def parse_captions(data: bytes, name: str) -> CaptionTable:
    """Reads `caption,image_file`. Raises `runner.Failure` when the file has no such columns."""
    text = data.decode("utf-8-sig", errors="replace")
    header = text.splitlines()[0] if text.strip() else ""
    delimiter = ";" if ";" in header and "," not in header else ","
    lines = io.StringIO(text, newline="")
    table = csv.DictReader(lines, delimiter=delimiter, restval="", skipinitialspace=True)
    headers = {(header or "").strip().lower(): header for header in table.fieldnames or []}
    if not COLUMNS <= headers.keys():
        raise runner.Failure("captions_unreadable", f"{name}: its first line must name the columns caption,image_file.")
    rows = {_normal_path(row[headers["image_file"]]): one_line(row[headers["caption"]]) for row in table}
    return CaptionTable({file: caption for file, caption in rows.items() if file and caption})


def one_line(text: str) -> str:
    """A text with single spaces, and none around it."""
    return " ".join(text.split())


def with_word(text: str, source: str, token_strings: list[str]) -> Caption:
    """A person's caption with the trained word in it: without the word an image would teach it nothing. Of several words
    none is put in, for it could be the wrong one."""
    token, *others = token_strings
    if others or contains(text, token):
        return Caption(text, source)
    return Caption(f"{token} {text}".strip(), source, f"put {token} in front of its caption")


def with_prefix(prefix: str, made: str) -> str:
    """What BLIP says behind the prefix, which holds the trained word."""
    return f"{prefix.strip()} {made}".strip()


def _ends(name: str) -> list[str]:
    parts = _normal_path(name).split("/")
    return ["/".join(parts[start:]) for start in range(len(parts))]


def _normal_path(path: str) -> str:
    return unicodedata.normalize("NFC", path.strip().replace("\\", "/")).removeprefix("./")
