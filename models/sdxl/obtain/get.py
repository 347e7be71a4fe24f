"""Gets all files of a manifest and puts them together as a base's folder. Knows nothing about what the files are."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from huggingface_hub import constants

from runner import Failure

from .hub import COMMIT_LETTERS, HubFile, ask, fetch, find_cached, hash_as_hub
from .layout import put_together, read_record
from .manifest import Manifest, Wanted

# The disk that holds the files also holds the cache of whoever else is at work.
RESERVE_BYTES = 1_000_000_000

# Called with the bytes that are there, the bytes of all files, and the place of the one that is being fetched.
Say = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Planned:
    """A wanted file, and where it is: in the cache, or still on the hub."""

    wanted: Wanted
    cached: Path | None
    remote: HubFile | None

    @property
    def size(self) -> int:
        return self.cached.stat().st_size if self.cached else self.remote.size

    @property
    def missing(self) -> int:
        if self.cached or self.remote.blob.is_file():
            return 0
        partial = self.remote.blob.with_name(f"{self.remote.hash}.incomplete")
        have = partial.stat().st_size if partial.is_file() else 0
        return self.size - have if have <= self.size else self.size

    @property
    def place(self) -> str:
        """Where it goes in the base's folder: of two kinds of file the one that there is keeps its own name."""
        found = self.cached or PurePosixPath(self.remote.path)
        place = PurePosixPath(self.wanted.place)
        return str(place if found.suffix == place.suffix else place.with_name(found.name))


def get_base(manifest: Manifest, folder: Path, say: Say) -> dict:
    """Fetches what is missing, checks everything, makes `folder`, and returns its record. Raises `runner.Failure`."""
    record = read_record(folder)
    plan = [_plan(wanted, record) for wanted in manifest.files]
    total, missing = sum(one.size for one in plan), sum(one.missing for one in plan)
    _check_disk(missing)
    done, files = total - missing, {}
    for one in plan:

        def on_bytes(count: int, place: str = one.place) -> None:
            nonlocal done
            done += count
            say(done, total, place)

        on_bytes(0)
        path = one.cached or fetch(one.remote, on_bytes)
        _check(path, one, record)
        files[one.place] = _describe(path, one.wanted)
    return put_together(folder, files, {"title": manifest.title, "source": "hub", "licence": manifest.licence})


def _plan(wanted: Wanted, record: dict) -> Planned:
    commit = _commit_of(wanted, record)
    paths = [path for path in (wanted.path, wanted.other_path) if path]
    for path in paths:
        if cached := find_cached(wanted.repository, commit, path):
            return Planned(wanted, cached, None)
    for path in paths:
        if remote := ask(wanted.repository, commit, path):
            return Planned(wanted, None, remote)
    raise Failure("hub_refused", f"{wanted.repository} has no {wanted.path} at {commit}. Look for a newer Easel.")


def _commit_of(wanted: Wanted, record: dict) -> str:
    """The pinned commit, or the one that a branch was at when files of its repository were first got."""
    if len(wanted.revision) == COMMIT_LETTERS:
        return wanted.revision
    known = (file["commit"] for file in record.get("files", {}).values() if file.get("repository") == wanted.repository)
    return next(known, wanted.revision)


def _check(path: Path, one: Planned, record: dict) -> None:
    """Of a file that was here before: what was fetched just now is checked already, but for the pin."""
    expected = one.wanted.sha256 or path.resolve().name
    before = record.get("files", {}).get(one.place, {})
    if before == _describe(path, one.wanted):
        return
    fresh = one.remote is not None and one.remote.hash == expected
    if fresh or hash_as_hub(path, expected) == expected:
        return
    if one.cached is None:
        path.resolve().unlink()
        path.unlink()
    raise Failure(
        "file_damaged",
        f"{one.wanted.path} of {one.wanted.repository} is not the file that Easel pins: its hash is another. "
        + (
            f"It lies in {path}: remove it there and run the command again."
            if one.cached
            else "It was removed: run the command again."
        ),
    )


def _describe(path: Path, wanted: Wanted) -> dict:
    return {
        "repository": wanted.repository,
        "commit": _commit(path),
        "hash": path.resolve().name,
        "size": path.stat().st_size,
        "path": str(path),
    }


def _commit(snapshot: Path) -> str:
    parts = snapshot.parts
    return parts[len(parts) - 1 - parts[::-1].index("snapshots") + 1]


def _check_disk(missing: int) -> None:
    cache = Path(constants.HF_HUB_CACHE)
    cache.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(cache).free
    if missing and free < missing + RESERVE_BYTES:
        raise Failure(
            "disk_full",
            f"{missing / 1e9:.1f} GB are to come, and the disk of {cache} has {free / 1e9:.1f} GB free. Free some space, or "
            "name another place in HF_HOME.",
        )
