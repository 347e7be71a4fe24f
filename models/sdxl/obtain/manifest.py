"""What a base is made of, as `bases/<name>/manifest.json` says: files of repositories on the hub, pinned.

A file with a SHA-256 is taken only with just those bytes. Without one its revision is the pin: what the hub names as its
hash at the first get is checked and recorded. A revision that is a branch is recorded at the first get, and kept from then.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Wanted:
    """A file: `path` in its repository (or `other_path`, where there is no such file) and `place` in the base's folder."""

    repository: str
    revision: str
    path: str
    other_path: str | None
    place: str
    size: int | None
    sha256: str | None


@dataclass(frozen=True)
class Manifest:
    title: str
    licence: dict[str, str]
    files: list[Wanted]


def read_manifest(path: Path) -> Manifest:
    """Reads a manifest of ours."""
    text = json.loads(path.read_text())
    files = [
        Wanted(
            repository["id"],
            repository["revision"],
            file["path"],
            file.get("or"),
            file.get("as", file["path"]),
            file.get("size"),
            file.get("sha256"),
        )
        for repository in text["repositories"]
        for file in repository["files"]
    ]
    return Manifest(text["title"], text["licence"], files)
