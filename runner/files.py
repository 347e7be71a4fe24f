"""A file as the protocol describes it: hashed, and on the disk for good before anyone hears of it. Knows nothing about
events."""

import hashlib
import os
import shutil
from pathlib import Path

# Not `mimetypes`: its answers depend on the machine's own tables.
CONTENT_TYPES = {
    ".csv": "text/csv",
    ".gif": "image/gif",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".json": "application/json",
    ".mp4": "video/mp4",
    ".png": "image/png",
    ".tar": "application/x-tar",
    ".txt": "text/plain",
    ".wav": "audio/wav",
    ".webp": "image/webp",
    ".zip": "application/zip",
}


def keep_file(path: Path, folder: Path) -> dict[str, str | int]:
    """`{name, path, sha256, size, contentType}` of a file that is durable now; `path` is relative to `folder`.

    Raises OSError when the file is missing or cannot be synced."""
    root = folder.resolve()
    source = adopt_file(path, folder)
    sync(source)
    _sync_folders(source.parent, root)
    return {
        "name": source.name,
        "path": source.relative_to(root).as_posix(),
        "sha256": hash_file(source),
        "size": source.stat().st_size,
        "contentType": CONTENT_TYPES.get(source.suffix.lower(), "application/octet-stream"),
    }


def adopt_file(path: Path, folder: Path) -> Path:
    """The file itself when it lies in `folder`; a copy there when not, for Cog models like to write to /tmp, and to use
    the same name again. Raises OSError when there is no such file."""
    root = folder.resolve()
    source = path.resolve(strict=True)
    if not source.is_file():
        raise FileNotFoundError(f"{path} is not a file")
    if source.is_relative_to(root):
        return source
    return Path(shutil.copyfile(source, _free_name(root, source.name)))


def keep_folder(path: Path, folder: Path) -> str:
    """The path relative to `folder` of a folder whose whole content is durable now. Raises ValueError when it lies
    elsewhere, OSError when it is missing or cannot be synced."""
    root = folder.resolve()
    source = path.resolve(strict=True)
    if not source.is_relative_to(root) or source == root:
        raise ValueError(f"a training state belongs inside the attempt's folder {root}, not at {source}")
    for parent, _, names in os.walk(source):
        for name in names:
            sync(Path(parent, name))
        sync(Path(parent))
    _sync_folders(source.parent, root)
    return source.relative_to(root).as_posix()


def hash_file(path: Path) -> str:
    """Hex sha256 of a file's content."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sync(path: Path) -> None:
    """fsync of a file or folder. An error is final: after one, the kernel may have dropped the data."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync_folders(innermost: Path, outermost: Path) -> None:
    current = innermost
    while True:
        sync(current)
        if current == outermost:
            return
        current = current.parent


def _free_name(folder: Path, name: str) -> Path:
    candidate, number = folder / name, 1
    while candidate.exists():
        candidate = folder / f"{Path(name).stem}-{number}{Path(name).suffix}"
        number += 1
    return candidate
