"""Training states on disk: a folder `step-40` with all that a resume after step 40 needs, or no such folder at all.

Written as `step-40.tmp`: every file, then `manifest.json` with their sizes and hashes, each on the disk for good, and only
then renamed. What cannot be verified is not read. Knows nothing about what the tensors are.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from runner.files import hash_file, sync

TENSORS, FACTS, MANIFEST = "tensors.safetensors", "facts.json", "manifest.json"
KEPT = 2


@dataclass(frozen=True)
class State:
    """A state that was verified. `facts` say what training it is of."""

    folder: Path
    tensors: dict[str, torch.Tensor]
    facts: dict


def write_state(
    root: Path, step: int, tensors: dict[str, torch.Tensor], facts: dict, beside: dict[str, Path] | None = None
) -> Path:
    """Writes `root/step-N` and returns it. Raises OSError, and leaves nothing behind, where the disk does not take it.

    `beside` are whole files that belong to the state, by the names that they get in it.
    """
    temporary, final = root / f"step-{step}.tmp", root / f"step-{step}"
    shutil.rmtree(temporary, ignore_errors=True)
    try:
        temporary.mkdir(parents=True)
        save_file(tensors, temporary / TENSORS)
        (temporary / FACTS).write_text(json.dumps(facts, ensure_ascii=False), encoding="utf-8")
        for name, path in (beside or {}).items():
            link_or_copy(path, temporary / name)
        files = {path.name: _describe(path) for path in sorted(temporary.iterdir())}
        for name in files:
            sync(temporary / name)
        (temporary / MANIFEST).write_text(json.dumps({"files": files}))
        sync(temporary / MANIFEST)
        sync(temporary)
        temporary.rename(final)
    except SafetensorError as error:
        # What it says of a full disk, and with a class of its own.
        shutil.rmtree(temporary, ignore_errors=True)
        raise OSError(str(error)) from error
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    sync(root)
    return final


def find_newest_state(folder: Path) -> State | None:
    """The newest state that can be verified among `folder`, a state, and those beside it. Says which are damaged."""
    for candidate in _states_in(folder.parent):
        try:
            return _read(candidate)
        except (OSError, ValueError, KeyError, TypeError) as error:
            print(f"The training state {candidate.name} is damaged ({error}): looking for the one before.")
    print("No training state can be read: the training starts from the beginning.")
    return None


def adopt_state(state: State, root: Path) -> None:
    """Puts a state of an earlier attempt among those of this one, for the case that the next one written gets damaged."""
    temporary = root / f"{state.folder.name}.tmp"
    shutil.rmtree(temporary, ignore_errors=True)
    shutil.copytree(state.folder, temporary, copy_function=link_or_copy)
    sync(temporary)
    temporary.rename(root / state.folder.name)
    sync(root)


def link_or_copy(source: str | Path, target: str | Path) -> None:
    """The same file under another name; where the disks differ a copy, on the disk for good."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
        sync(Path(target))


def forget_old_states(root: Path, kept: int = KEPT) -> None:
    """Removes all but the newest."""
    for folder in _states_in(root)[kept:]:
        shutil.rmtree(folder, ignore_errors=True)


def _describe(path: Path) -> dict:
    return {"size": path.stat().st_size, "sha256": hash_file(path)}


def _states_in(root: Path) -> list[Path]:
    """Newest first."""
    folders = [path for path in root.iterdir() if re.fullmatch(r"step-\d+", path.name)] if root.is_dir() else []
    return sorted(folders, key=lambda path: int(path.name.removeprefix("step-")), reverse=True)


def _read(folder: Path) -> State:
    files = json.loads((folder / MANIFEST).read_text())["files"]
    for name in {TENSORS, FACTS, *files}:
        if _describe(folder / name) != files[name]:
            raise ValueError(f"{name} is not what was written")
    return State(folder, load_file(folder / TENSORS), json.loads((folder / FACTS).read_text(encoding="utf-8")))
