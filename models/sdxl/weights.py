"""The trained result on disk: a tar with the file names and key names of cog-sdxl. Knows nothing about networks.

`lora.safetensors`: float32, `down_blocks.1.attentions.0.transformer_blocks.0.attn1.processor.to_q_lora.down.weight` …
`embeddings.pti`: safetensors with `text_encoders_0`, `text_encoders_1`, the rows of the trained words.
`special_params.json`: `{"TOK": "<s0><s1>"}`, which rows a token string stands for, or as which words it is read. cog-sdxl puts
either in its place.
`unet.safetensors`: the whole UNet under diffusers' names, where a training replaces it. cog-sdxl leaves out norms and time, and
writes bfloat16, which loses most of what a low rate has moved; this is float16, and all of it.
`text_encoder.safetensors`, `text_encoder_2.safetensors`: the same of the text encoders, where they were trained.

A LoRA's key is `<attention>.processor.to_q_lora.down.weight`, or, beside any other layer, `<layer>.lora.down.weight`.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from adapter import Adapter
from safetensors import SafetensorError
from safetensors.torch import load, save
from whole import Whole
from words import Meaning, Words

import runner

LORA, EMBEDDINGS, TOKENS, CARD = "lora.safetensors", "embeddings.pti", "special_params.json", "model_card.json"
OTHER_DOWN = ".lora.down.weight"


WHOLE = {f"{name}.safetensors": name for name in ("unet", "text_encoder", "text_encoder_2")}


@dataclass(frozen=True)
class Weights:
    """What a training made: an adapter, words, whole networks, or some of these, with the model card."""

    adapter: Adapter | None
    words: Words | None
    card: dict
    whole: Whole | None = None

    def tensors(self) -> Iterator[torch.Tensor]:
        if self.adapter:
            yield from self.adapter.tensors()
        if self.words:
            yield from self.words.rows
        for network in self.whole.networks.values() if self.whole else ():
            yield from network.values()


def write_weights(path: Path, weights: Weights) -> None:
    """Writes the tar, with its files' hashes in the card. The same weights give the same bytes: no time and no user stands in
    it."""
    files = _files(weights)
    card = weights.card | {"files": {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}}
    with tarfile.open(path, "w") as tar:
        for name, data in {CARD: _encode_card(card), **files}.items():
            _add(tar, name, data)


def replace_card(source: Path, target: Path, described: dict) -> dict:
    """Writes a tar of ours anew with `described` in its card, and returns the card."""
    with tarfile.open(source) as tar, tarfile.open(target, "w") as copy:
        for entry in tar:
            data = tar.extractfile(entry)
            if entry.name == CARD:
                card = json.load(data) | described
                _add(copy, CARD, _encode_card(card))
            else:
                copy.addfile(entry, data)
    return card


def read_weights(path: Path) -> Weights:
    """Reads a tar of ours or of cog-sdxl's LoRA trainer into memory. Raises `runner.Failure` when it is something else."""
    try:
        files = _read_files(path)
        if not files.keys() & {LORA, EMBEDDINGS, *WHOLE}:
            raise ValueError(f"it holds neither {LORA} nor {EMBEDDINGS} nor unet.safetensors")
        card = json.loads(files.get(CARD, b"{}"))
        return Weights(_parse_adapter(files), _parse_words(files), card, _parse_whole(files))
    except (tarfile.TarError, SafetensorError, ValueError, KeyError, TypeError, AttributeError, OSError) as error:
        raise runner.Failure(
            "weights_unusable", f"{Path(path).name} is not a tar of trained weights: {error}. Give one that is."
        ) from error


def _add(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(data)
    tar.addfile(entry, io.BytesIO(data))


def _encode_card(card: dict) -> bytes:
    return json.dumps(card, indent=2, ensure_ascii=False).encode()


def _read_files(path: Path) -> dict[str, bytes]:
    """The files that matter, by their names without folders. Nothing is unpacked to the disk."""
    found: dict[str, bytes] = {}
    # Not compressed: what a member says of its size can then be no more than the file has.
    with tarfile.open(path, "r:") as tar:
        for entry in tar:
            if entry.name.startswith("/") or ".." in Path(entry.name).parts or not (entry.isreg() or entry.isdir()):
                raise ValueError(f"{entry.name} in it is no plain file inside it")
            if entry.issparse():
                raise ValueError(f"{entry.name} in it is larger than what it holds")
            if Path(entry.name).name in (LORA, EMBEDDINGS, TOKENS, CARD, *WHOLE) and entry.isreg():
                found[Path(entry.name).name] = tar.extractfile(entry).read()
    return found


def _files(weights: Weights) -> dict[str, bytes]:
    files = {}
    if weights.adapter:
        files[LORA] = save(_named(weights.adapter))
    if weights.words:
        rows = {f"text_encoders_{place}": rows.detach().cpu() for place, rows in enumerate(weights.words.rows)}
        if rows:
            files[EMBEDDINGS] = save(rows)
        tokens = {token: _write_meaning(meaning) for token, meaning in weights.words.meanings.items()}
        files[TOKENS] = json.dumps(tokens, ensure_ascii=False).encode()
    for file, name in WHOLE.items():
        if weights.whole and name in weights.whole.networks:
            tensors = weights.whole.networks[name].items()
            files[file] = save({key: one.detach().to("cpu", torch.float16).contiguous() for key, one in tensors})
    return files


def _named(adapter: Adapter) -> dict[str, torch.Tensor]:
    return {
        f"{_stem(layer)}.{side}.weight": tensor.detach().cpu().contiguous()
        for layer, pair in adapter.pairs.items()
        for side, tensor in zip(("down", "up"), pair, strict=True)
    }


def _stem(layer: str) -> str:
    attention, _, projection = layer.removesuffix(".0").rpartition(".")
    return f"{attention}.processor.{projection}_lora" if projection.startswith("to_") else f"{layer}.lora"


def _layer_name(key: str) -> str:
    if key.endswith(OTHER_DOWN):
        return key.removesuffix(OTHER_DOWN)
    attention, _, projection = key.rpartition("_lora.")[0].rpartition(".processor.")
    return f"{attention}.{projection}.0" if projection == "to_out" else f"{attention}.{projection}"


def _parse_adapter(files: dict[str, bytes]) -> Adapter | None:
    if LORA not in files:
        return None
    tensors = load(files[LORA])
    downs = {key for key in tensors if key.endswith(("_lora.down.weight", OTHER_DOWN))}
    pairs = {_layer_name(key): (tensors[key].float(), tensors[key.replace(".down.", ".up.")].float()) for key in downs}
    return Adapter(dict(sorted(pairs.items())))


def _parse_whole(files: dict[str, bytes]) -> Whole | None:
    networks = {name: load(files[file]) for file, name in WHOLE.items() if file in files}
    return Whole(networks) if networks else None


def _parse_words(files: dict[str, bytes]) -> Words | None:
    if TOKENS not in files and EMBEDDINGS not in files:
        return None
    tensors = load(files[EMBEDDINGS]) if EMBEDDINGS in files else {}
    rows = [tensors[key].float() for key in sorted(tensors)]
    words = Words({token: _read_meaning(token, text) for token, text in json.loads(files[TOKENS]).items()}, rows)
    for span in words.learnt().values():
        if not rows or any(span.stop > len(one) for one in rows):
            raise ValueError(f"{TOKENS} names rows that {EMBEDDINGS} does not have")
    if rows and not words.learnt():
        raise ValueError(f"{TOKENS} names none of the rows of {EMBEDDINGS}")
    return words if words.meanings else None


def _write_meaning(meaning: Meaning) -> str:
    return meaning if isinstance(meaning, str) else "".join(f"<s{row}>" for row in meaning)


def _read_meaning(token: str, text: str) -> Meaning:
    if not token or not text.strip():
        raise ValueError(f"{TOKENS} gives {token or 'no token string'} no meaning")
    numbers = [int(row) for row in re.findall(r"<s(\d+)>", text)]
    return range(numbers[0], numbers[-1] + 1) if numbers else text
