"""Adds a derivative of SDXL under a name: its folder of links, what it is, and the sizes that it was made for."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

from runner import Failure

from .layout import DEFAULTS, RECORD, check_layout, hash_base, list_files, put_together, read_record
from .resolve import resolve

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
TAKEN = ("emoji", "emoji-3d", "prepare", "sdxl", "sdxl-refiner", "echo")
SDXL_DEFAULTS = Path(__file__).parents[3] / "bases" / "sdxl" / DEFAULTS
# A CPU trains what is no larger in a time that a person waits for.
CPU_BYTES_MAX = 500_000_000


def add_base(name: str, path: str, bases: Path) -> dict:
    """Makes `bases/name` of the base at `path` and returns its record. Raises `runner.Failure`; then nothing is changed."""
    if not NAME.fullmatch(name) or name in TAKEN:
        why = "is taken by Easel" if name in TAKEN else "is no name"
        raise Failure("base_unusable", f"{name} {why}. Choose 1 to 64 small letters, digits, '-', '_' and '.'.")
    source = resolve(path)
    config = check_layout(source)
    files, digest = list_files(source), hash_base(source)
    before = read_record(bases / name)
    if before and before["sha256"] != digest:
        raise Failure("base_unusable", f"{name} is another base, from {before['path']}. Choose another name.")
    bases.mkdir(parents=True, exist_ok=True)
    size = _size_of(source, config)
    needs = "cpu" if sum(file["size"] for file in files.values()) <= CPU_BYTES_MAX else "gpu"
    facts = {"title": name, "source": "added", "path": str(Path(path).expanduser()), "sha256": digest, "needs": needs}
    record = put_together(bases / name, files, facts)
    (bases / name / DEFAULTS).write_text(json.dumps(_defaults(size), indent=2))
    return record


def list_bases(bases: Path) -> list[dict]:
    """The records of all bases in the folder, each with the files that are gone since."""
    records = []
    for path in sorted(bases.glob(f"*/{RECORD}")):
        record = json.loads(path.read_text())
        gone = [place for place in record["files"] if not (path.parent / place).is_file()]
        records.append({"name": path.parent.name, **record, "gone": gone})
    return records


def remove_base(name: str, bases: Path) -> None:
    """Removes what was added or got under that name, but not the files that it was made of."""
    if not (bases / name / RECORD).is_file():
        raise Failure("base_missing", f"There is no base {name} in {bases}. `easel base list` shows what there is.")
    shutil.rmtree(bases / name)


def _size_of(source: Path, config: dict) -> int:
    """The side in pixels that the base was trained at."""
    blocks = len(json.loads((source / "vae" / "config.json").read_text())["block_out_channels"])
    return (config.get("sample_size") or 128) * 2 ** (blocks - 1)


def _defaults(size: int) -> dict:
    defaults = json.loads(SDXL_DEFAULTS.read_text())
    defaults["train"]["resolution"] |= {"default": min(size, 768)}
    defaults["predict"] |= {"width": {"default": size}, "height": {"default": size}}
    return defaults
