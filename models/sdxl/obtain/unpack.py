"""A checkpoint in one file, as ComfyUI and A1111 have it, written out in diffusers' layout. Needs no network.

The configuration that such a file lacks is SDXL's, which comes with Easel: any derivative of SDXL has the same.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

from safetensors import SafetensorError, safe_open

from runner import Failure

CONFIG = Path(__file__).parents[3] / "bases" / "sdxl" / "config"
# What a checkpoint of SDXL has, and none of SD 1.5 or 2 has all.
OWN_PARTS = ("model.diffusion_model.", "first_stage_model.", "conditioner.embedders.0.", "conditioner.embedders.1.")
# CLIP's 256 bytes, printable ones as they are, in the order of its vocabulary.
PRINTABLE = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
BEGIN, END = "<|startoftext|>", "<|endoftext|>"
# SDXL's second encoder was trained with another padding than the first.
PADDING = {"tokenizer": END, "tokenizer_2": "!"}


def unpack(checkpoint: Path, folder: Path, config: Path = CONFIG) -> None:
    """Writes `folder`, whole or not at all, in half precision. Raises `runner.Failure` where the file is no SDXL."""
    import diffusers
    import torch
    import transformers

    _refuse_others(checkpoint)
    print(f"Unpacking {checkpoint.name} once, {checkpoint.stat().st_size / 1e9:.1f} GB.")
    for library in (diffusers, transformers):
        library.utils.logging.disable_progress_bar()
        library.utils.logging.set_verbosity_error()
    partial = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        described = describe(config, partial / "config")
        pipeline = diffusers.StableDiffusionXLPipeline.from_single_file(
            str(checkpoint), config=str(described), dtype=torch.float16, local_files_only=True
        )
        pipeline.save_pretrained(partial / "base")
        os.replace(partial / "base", folder)
    except (ValueError, KeyError, RuntimeError, OSError) as error:
        raise Failure(
            "base_unusable", f"{checkpoint.name} cannot be read as SDXL: {error}. Name another checkpoint."
        ) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _refuse_others(checkpoint: Path) -> None:
    if checkpoint.suffix != ".safetensors":
        raise Failure(
            "base_unusable", f"{checkpoint} is no .safetensors. Take it as one: other checkpoints can hold programs."
        )
    try:
        with safe_open(checkpoint, "pt") as file:
            names = list(file.keys())
    except SafetensorError as error:
        raise Failure("base_unusable", f"{checkpoint} is damaged: {error}. Fetch it again.") from error
    missing = [part for part in OWN_PARTS if not any(name.startswith(part) for name in names)]
    if missing:
        what = "a LoRA" if any("lora" in name for name in names) else "something else"
        raise Failure(
            "base_unusable",
            f"{checkpoint.name} is no checkpoint of SDXL, but {what}: it has no {missing[0]}…. Name a whole one.",
        )


def describe(config: Path, folder: Path) -> Path:
    """Writes the configuration to `folder` with both tokenizers, which for SDXL are made of CLIP's merges."""
    merges = config / "tokenizer" / "merges.txt"
    shutil.copytree(config, folder)
    if merges.is_file():
        for part, padding in PADDING.items():
            (folder / part).mkdir(exist_ok=True)
            shutil.copy(merges, folder / part)
            (folder / part / "vocab.json").write_text(write_vocabulary(merges.read_text(encoding="utf-8")))
            special = {"bos_token": BEGIN, "eos_token": END, "unk_token": END, "pad_token": padding}
            settings = special | {"tokenizer_class": "CLIPTokenizer", "model_max_length": 77}
            (folder / part / "tokenizer_config.json").write_text(json.dumps(settings))
    return folder


def write_vocabulary(merges: str) -> str:
    """CLIP's `vocab.json`, to the byte, by its `merges.txt`: single bytes, bytes at a word's end, and each merge."""
    others = [byte for byte in range(256) if byte not in PRINTABLE]
    bytes_ = [chr(byte) for byte in PRINTABLE] + [chr(256 + place) for place in range(len(others))]
    joined = ["".join(line.split()) for line in merges.strip("\n").split("\n")[1:]]
    words = [*bytes_, *(f"{byte}</w>" for byte in bytes_), *joined, BEGIN, END]
    numbers = {word: number for number, word in enumerate(words)}
    return json.dumps(numbers, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
