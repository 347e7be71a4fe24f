"""From what a person names as a base to a folder in diffusers' layout: a folder, a single file, or an id on the hub."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

from runner import Failure

from .layout import VARIANT, check_layout, list_files, put_together

REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+")


def resolve(named: str) -> Path:
    """The folder. A single file is unpacked into the cache once, files of half precision are linked there under plain
    names; nothing is fetched. Raises `runner.Failure` that says what to do."""
    path = Path(named).expanduser()
    if path.is_file():
        return _cached(path, unpacked=True)
    if not path.is_dir() and REPOSITORY.fullmatch(named):
        path = find_snapshot(named)
    if not path.is_dir():
        raise Failure("base_missing", f"There is no base at {named}. `easel base get sdxl` gets SDXL's files.")
    check_layout(path)
    halves = [file["path"] for file in list_files(path).values() if VARIANT in Path(file["path"]).name]
    return _cached(path, unpacked=False) if halves else path.resolve()


def find_snapshot(repository: str) -> Path:
    """The newest snapshot of a repository in the hub's cache. Raises `runner.Failure` where there is none."""
    from huggingface_hub import constants

    name = f"models--{repository.replace('/', '--')}"
    found = Path(constants.HF_HUB_CACHE, name, "snapshots").glob("*/model_index.json")
    newest = max(found, key=lambda path: path.stat().st_mtime, default=None)
    if newest is None:
        raise Failure(
            "base_missing",
            f"{repository} is not in {constants.HF_HUB_CACHE}, and nothing is fetched unasked. `easel base get sdxl` gets SDXL "
            f"base 1.0; anything else: hf download {repository}",
        )
    return newest.parent


def _cached(source: Path, unpacked: bool) -> Path:
    stat = source.stat()
    key = hashlib.sha256(f"{source.resolve()} {stat.st_size} {stat.st_mtime_ns}".encode()).hexdigest()[:16]
    cache = Path(os.environ.get("EASEL_CACHE") or Path.home() / ".cache" / "easel")
    folder = cache / "bases" / key
    if (folder / "model_index.json").is_file():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    if unpacked:
        from .unpack import unpack

        unpack(source, folder)
    else:
        put_together(folder, list_files(source), {"source": "folder", "path": str(source)})
    return folder
