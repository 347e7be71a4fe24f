"""Opens an archive of images: the canonical one of the server's intake, or any zip. Knows nothing about pictures.

A canonical archive holds `0001.png …`, masks, caption files and `manifest.json` with their original names. It has been
checked by intake; a zip opened without it is a user's own file, given to a plain function.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import runner
from prepare.prepared import parse_dataset

IMAGE_ENDINGS = (".png", ".jpg", ".jpeg", ".webp", ".avif")
TABLES = ("caption.csv", "captions.csv")


@dataclass(frozen=True)
class Member:
    """An image in the archive: where it lies, what its owner calls it, its mask and caption text if there are any, and what
    intake had to say about it."""

    file: str
    name: str
    sha256: str
    mask: str | None = None
    text: str | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Skipped:
    """What is not trained on, and why."""

    name: str
    reason: str


@dataclass(frozen=True)
class Archive:
    """`table` is the file of captions, `dataset` what an earlier preparation decided (see `prepared.py`)."""

    images: list[Member]
    table: str | None
    dataset: dict | None
    source: zipfile.ZipFile
    skipped: list[Skipped] = field(default_factory=list)

    def read(self, file: str) -> bytes:
        return self.source.read(file)


@contextmanager
def open_archive(path: Path) -> Iterator[Archive]:
    """Raises `runner.Failure` when the file is no zip."""
    try:
        source = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError) as error:
        raise runner.Failure(
            "archive_unreadable", f"input_images: {path.name} is not a readable zip ({error}). Pack the images again."
        ) from None
    with source:
        canonical = "manifest.json" in source.namelist()
        yield _read_manifest(source) if canonical else _look_around(source)


def _read_manifest(source: zipfile.ZipFile) -> Archive:
    manifest = json.loads(source.read("manifest.json"))
    texts = {_stem(caption["file"]): caption["file"] for caption in manifest["captions"]}
    table = texts.pop("captions", None)
    images = [
        Member(
            image["file"],
            image["name"],
            image["sha256"] or _hash(source, image["file"]),
            image.get("mask"),
            texts.get(_stem(image["file"])),
            tuple(image.get("notes", [])),
        )
        for image in manifest["images"]
    ]
    skipped = [Skipped(entry["name"], entry["reason"]) for entry in manifest["skipped"]]
    return Archive(images, table, _read_dataset(source, manifest.get("dataset")), source, skipped)


def _look_around(source: zipfile.ZipFile) -> Archive:
    names = [name for name in sorted(source.namelist()) if not _is_litter(name)]
    pictures = {_stem(name): name for name in names if _ending(name) in IMAGE_ENDINGS}
    masks = {stem: _mask_of(stem, pictures) for stem in pictures}
    used_as_masks = set(masks.values())
    images = [
        Member(name, name, _hash(source, name), masks[stem], f"{stem}.txt" if f"{stem}.txt" in names else None)
        for stem, name in sorted(pictures.items(), key=lambda picture: picture[1])
        if name not in used_as_masks
    ]
    table = next((name for name in names if PurePosixPath(name).name.lower() in TABLES), None)
    dataset = next((name for name in names if PurePosixPath(name).name == "dataset.json"), None)
    return Archive(images, table, _read_dataset(source, dataset), source)


def _read_dataset(source: zipfile.ZipFile, file: str | None) -> dict | None:
    return parse_dataset(source.read(file)) if file else None


def _mask_of(stem: str, pictures: dict[str, str]) -> str | None:
    return pictures.get(f"{stem}.mask") or pictures.get(f"{stem}_mask")


def _is_litter(name: str) -> bool:
    return any(part.startswith(".") or part == "__MACOSX" for part in PurePosixPath(name).parts)


def _stem(name: str) -> str:
    return str(PurePosixPath(name).with_suffix(""))


def _ending(name: str) -> str:
    return PurePosixPath(name).suffix.lower()


def _hash(source: zipfile.ZipFile, file: str) -> str:
    return hashlib.sha256(source.read(file)).hexdigest()
