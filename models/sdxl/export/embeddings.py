"""Trained words as embedding files, one token string a file. Knows nothing about LoRAs."""

from __future__ import annotations

import re
from pathlib import Path

import torch
from words import Words

from .tensor_file import HASHED, held, write_tensors

ENCODERS = ("text_encoder", "text_encoder_2")


def write_for_diffusers(folder: Path, words: Words) -> list[Path]:
    """For each token string a file for each encoder, as `load_textual_inversion` takes them."""
    paths = []
    for token, name in file_names(words).items():
        for encoder, rows in zip(ENCODERS, _rows(words, token), strict=True):
            path = folder / f"{name}.{encoder}.safetensors"
            write_tensors(path, held({diffusers_tokens(words)[token]: rows}), {})
            paths.append(path)
    return paths


def write_for_kohya(folder: Path, words: Words, notes: dict[str, str]) -> list[Path]:
    """For each token string one file with `clip_l` and `clip_g`, as A1111 and ComfyUI take it; its name is the trigger."""
    folder.mkdir(exist_ok=True)
    paths = []
    for token, name in file_names(words).items():
        path = folder / f"{name}.safetensors"
        title = {"modelspec.title": name, "modelspec.trigger_phrase": name, "modelspec.hash_sha256": f"0x{HASHED}"}
        first, second = _rows(words, token)
        write_tensors(path, held({"clip_l": first, "clip_g": second}), notes | title)
        paths.append(path)
    return paths


def file_names(words: Words) -> dict[str, str]:
    """Each token string's file name without its end: the string itself where a file system takes it."""
    names: dict[str, str] = {}
    for place, token in enumerate(words.learnt()):
        name = re.sub(r"[^\w.-]+", "", token).strip(".") or f"word{place}"
        taken = {given.lower() for given in names.values()}
        names[token] = f"{name}-{place}" if name.lower() in taken else name
    return names


def diffusers_tokens(words: Words) -> dict[str, str]:
    """What each token string is called in diffusers: TOK is `<tok>`.

    diffusers refuses a word that the vocabulary has, finds it within other words, and with transformers 5 knows only the
    first row of one that is not in small letters: the tokenizer hands the word back in small letters.
    """
    names: dict[str, str] = {}
    for place, token in enumerate(words.learnt()):
        name = token.lower().removeprefix("<").removesuffix(">")
        names[token] = f"<{name}-{place}>" if f"<{name}>" in names.values() else f"<{name}>"
    return names


def _rows(words: Words, token: str) -> list[torch.Tensor]:
    span = words.learnt()[token]
    return [rows[span.start : span.stop] for rows in words.rows]
