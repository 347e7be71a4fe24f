"""A base's folder in diffusers' layout, put together of links to files that lie elsewhere, with a record of what they are."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path

from runner import Failure

RECORD, DEFAULTS = "base.json", "defaults.json"
PARTS = ("scheduler", "text_encoder", "text_encoder_2", "tokenizer", "tokenizer_2", "unet", "vae")
VARIANT = ".fp16."


def read_record(folder: Path) -> dict:
    """What is recorded of a base's folder; nothing where there is none."""
    path = folder / RECORD
    return json.loads(path.read_text()) if path.is_file() else {}


def put_together(folder: Path, files: dict[str, dict], facts: dict) -> dict:
    """Makes `folder`, whole or not at all, of links to each file's `path`, in the place of what was there."""
    record = facts | {"bytes": sum(file["size"] for file in files.values()), "files": files}
    partial = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    for place, file in files.items():
        link = partial / place
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(os.path.abspath(file["path"]))
    (partial / RECORD).write_text(json.dumps(record, indent=2))
    if (folder / DEFAULTS).is_file():
        shutil.copy(folder / DEFAULTS, partial)
    shutil.rmtree(folder, ignore_errors=True)
    os.replace(partial, folder)
    return record


def list_files(source: Path) -> dict[str, dict]:
    """The files of a base in diffusers' layout, by their place. Of half precision alone the variant's mark is left off."""
    found = {}
    for path in sorted(path for part in PARTS for path in (source / part).glob("*") if path.is_file()):
        plain = path.with_name(path.name.replace(VARIANT, "."))
        if path.name.endswith((".safetensors", ".json", ".txt")) and (path == plain or not plain.is_file()):
            place = plain.relative_to(source).as_posix()
            found[place] = {"path": str(path), "size": path.stat().st_size}
    found["model_index.json"] = {"path": str(source / "model_index.json"), "size": 0}
    return found


def check_layout(source: Path) -> dict:
    """The UNet's configuration. Raises `runner.Failure` where the folder is no SDXL in diffusers' layout."""
    missing = [part for part in PARTS if not (source / part).is_dir()]
    if not (source / "model_index.json").is_file() or missing:
        named = ", ".join(["model_index.json"] if not missing else missing)
        raise Failure(
            "base_unusable",
            f"{source} is no base in diffusers' layout: {named} is missing. Name the folder that has it.",
        )
    config = json.loads((source / "unet" / "config.json").read_text())
    if config.get("addition_embed_type") != "text_time" or not isinstance(config.get("cross_attention_dim"), int):
        raise Failure(
            "base_unusable",
            f"{source} is no SDXL: its UNet takes other conditioning. Name one of SDXL: SD 1.5 and 2 cannot be used.",
        )
    return config


def hash_base(folder: Path) -> str:
    """One hash of all files that a base is made of, by place and content, in their order."""
    total = hashlib.sha256()
    for path in sorted(path for part in PARTS for path in (folder / part).rglob("*") if path.is_file()):
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        total.update(f"{digest}  {path.relative_to(folder).as_posix()}\n".encode())
    return total.hexdigest()
