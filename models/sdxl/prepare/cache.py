"""Results of preparation by the hash of all that they depend on, so that a second training on the same images is ready at
once. Knows nothing about what it keeps. A cache that cannot be written or read is as good as an empty one."""

from __future__ import annotations

import hashlib
import io
import json
import os
import time
import zipfile
from contextlib import suppress
from functools import cache
from pathlib import Path

KEPT_DAYS = 30


def cache_folder() -> Path:
    """`EASEL_CACHE`, or `easel` in the user's folder of caches."""
    given = os.environ.get("EASEL_CACHE")
    return Path(given) if given else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "easel"


def key_of(**parts: object) -> str:
    """The hash of everything that a result depends on: these parts, and the code of preparation itself."""
    text = json.dumps({**parts, "code": _hash_code()}, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def recall(key: str) -> dict[str, bytes] | None:
    """The files kept under a key."""
    path = _path(key)
    try:
        with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as entry:
            files = {name: entry.read(name) for name in entry.namelist()}
        os.utime(path)
    except (OSError, zipfile.BadZipFile):
        return None
    return files


def keep(key: str, files: dict[str, bytes]) -> None:
    """Keeps files under a key, in one move: whoever reads finds all of them or none."""
    path = _path(key)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(unfinished, "w") as entry:
            for name, data in files.items():
                entry.writestr(name, data)
        unfinished.replace(path)
    except OSError:
        with suppress(OSError):
            unfinished.unlink()


def forget_what_is_old() -> None:
    """Deletes what nobody has used for a month."""
    oldest = time.time() - KEPT_DAYS * 86400
    for path in (cache_folder() / "prepared").glob("*/*"):
        with suppress(OSError):
            if path.stat().st_mtime < oldest:
                path.unlink()


def _path(key: str) -> Path:
    return cache_folder() / "prepared" / key[:2] / key


@cache
def _hash_code() -> str:
    total = hashlib.sha256()
    for file in sorted(Path(__file__).parent.glob("*.p[yn]*")):
        total.update(file.read_bytes())
    return total.hexdigest()
