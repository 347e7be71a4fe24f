"""Captions by file name, each with the trained word in it. Knows nothing about archives or pictures."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import PurePosixPath

from words import contains

import runner

COLUMNS = {"caption", "image_file"}


@dataclass(frozen=True)
class CaptionTable:
    """Captions as their owner wrote them, by image file."""

    rows: dict[str, str]

    def find(self, name: str) -> str | None:
        """The caption of an image by its path, or else by its bare name."""
        return self.rows.get(name) or self.rows.get(PurePosixPath(name).name)

    def without_image(self, names: list[str]) -> list[str]:
        """Rows that name no image."""
        known = {*names, *(PurePosixPath(name).name for name in names)}
        return [name for name in self.rows if name not in known]


def parse_captions(data: bytes, name: str) -> CaptionTable:
    """Reads `caption,image_file`. Raises `runner.Failure` when the file has no such columns."""
    table = csv.DictReader(io.StringIO(data.decode("utf-8-sig", errors="replace"), newline=""))
    headers = {(header or "").strip().lower(): header for header in table.fieldnames or []}
    if not COLUMNS <= headers.keys():
        raise runner.Failure("captions_unreadable", f"{name}: its first line must name the columns caption,image_file.")
    rows = {(row[headers["image_file"]] or "").strip(): (row[headers["caption"]] or "").strip() for row in table}
    return CaptionTable({file: caption for file, caption in rows.items() if file and caption})


def with_word(text: str, token_string: str) -> str:
    """The text, with the trained word put in front where it is missing: without it an image would teach the word nothing."""
    return text if contains(text, token_string) else f"{token_string} {text}".strip()
