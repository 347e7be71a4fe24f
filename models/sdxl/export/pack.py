"""An export as one file: the only file of weights as it is, or a zip of all files where there are several.

The same files give the same bytes: a zip of ours holds no times, and stores what would not get smaller anyway.
"""

from __future__ import annotations

import os
import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path

from runner.files import hash_file

from .bundle import Exported

SAFETENSORS = ".safetensors"
FIRST_TIME = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Packed:
    """The file's name for whoever saves it, and what its bytes are."""

    name: str
    sha256: str
    size: int


def pack(exported: Exported, folder: Path, title: str, path: Path) -> dict:
    """Moves or packs the files of `folder` into `path`, durably, and describes it. `title` names a zip."""
    weights = [file for file in exported.files if file.suffix == SAFETENSORS]
    if len(weights) == 1:
        name = weights[0].name
        os.replace(weights[0], path)
    else:
        name = f"{title}.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
            for file in sorted(exported.files):
                _add(archive, file, file.relative_to(folder).as_posix())
    described = asdict(Packed(name, hash_file(path), path.stat().st_size))
    return described | {"error": exported.fidelity.overall if exported.fidelity else None}


def _add(archive: zipfile.ZipFile, file: Path, name: str) -> None:
    entry = zipfile.ZipInfo(name, FIRST_TIME)
    entry.external_attr = 0o644 << 16
    entry.file_size = file.stat().st_size
    with file.open("rb") as source, archive.open(entry, "w") as target:
        while chunk := source.read(1 << 20):
            target.write(chunk)
