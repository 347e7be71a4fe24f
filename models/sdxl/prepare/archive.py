"""Opens an archive of images: the canonical one of the server's intake, or any zip. Knows nothing about pictures.

A canonical archive holds `0001.png …`, caption files and `manifest.json` with their original names. It has been checked by
intake; a zip opened without it is a user's own file, given to a plain function.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import runner

IMAGE_ENDINGS = (".png", ".jpg", ".jpeg", ".webp")


@dataclass(frozen=True)
class Member:
    """A file in the archive: where it lies, and what its owner calls it."""

    file: str
    name: str


@dataclass(frozen=True)
class Archive:
    images: list[Member]
    captions: list[Member]
    source: zipfile.ZipFile

    def read(self, member: Member) -> bytes:
        return self.source.read(member.file)


@contextmanager
def open_archive(path: Path) -> Iterator[Archive]:
    """Raises `runner.Failure` when the file is no zip."""
    try:
        source = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError) as error:
        raise runner.Failure(
            "archive_unreadable", f"input_images: {path.name} is not a readable zip ({error})."
        ) from None
    with source:
        names = set(source.namelist())
        if "manifest.json" in names:
            manifest = json.loads(source.read("manifest.json"))
            yield Archive(_members(manifest["images"]), _members(manifest["captions"]), source)
        else:
            yield Archive(_found(names, _is_image), _found(names, _is_caption_file), source)


def _members(entries: list[dict]) -> list[Member]:
    return [Member(entry["file"], entry["name"]) for entry in entries]


def _found(names: set[str], wanted) -> list[Member]:
    return [Member(name, name) for name in sorted(names) if not _is_litter(name) and wanted(PurePosixPath(name))]


def _is_litter(name: str) -> bool:
    return any(part.startswith(".") or part == "__MACOSX" for part in PurePosixPath(name).parts)


def _is_image(path: PurePosixPath) -> bool:
    return path.suffix.lower() in IMAGE_ENDINGS


def _is_caption_file(path: PurePosixPath) -> bool:
    return path.suffix.lower() == ".csv" and "caption" in path.name.lower()
