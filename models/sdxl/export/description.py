"""What a file says about itself in its metadata: Stability's modelspec and kohya's `ss_*` names.

Says what the model card knows; what it does not know is left out. Holds no time, so that equal weights give equal files.
"""

from __future__ import annotations

import json
from collections import Counter

from adapter import Adapter
from weights import Weights
from words import contains

from .stored import StoredBase
from .tensor_file import HASHED

SDXL = "stable-diffusion-xl-v1-base"
# kohya's names for what the card's settings call otherwise.
SETTINGS = {
    "ss_seed": "seed",
    "ss_learning_rate": "lora_lr",
    "ss_unet_lr": "lora_lr",
    "ss_lr_scheduler": "lr_scheduler",
    "ss_lr_warmup_steps": "lr_warmup_steps",
    "ss_batch_size_per_device": "train_batch_size",
    "ss_max_train_steps": "max_train_steps",
}


def describe_model(title: str, kind: str, weights: Weights, base: StoredBase) -> dict[str, str]:
    """modelspec 1.0.0. `kind` is "lora", "textual-inversion", or empty for a whole model."""
    architecture = SDXL if base.is_sdxl else base.folder.name
    notes = {
        "modelspec.sai_model_spec": "1.0.0",
        "modelspec.architecture": f"{architecture}/{kind}" if kind else architecture,
        "modelspec.implementation": "https://github.com/Stability-AI/generative-models",
        "modelspec.title": title,
        "modelspec.prediction_type": "v" if base.scheduler.get("prediction_type") == "v_prediction" else "epsilon",
    }
    if weights.words:
        notes["modelspec.trigger_phrase"] = ", ".join(weights.words.triggers())
    if resolution := weights.card.get("settings", {}).get("resolution"):
        notes["modelspec.resolution"] = f"{resolution}x{resolution}"
    return notes


def describe_lora(title: str, adapter: Adapter, weights: Weights, base: StoredBase) -> dict[str, str]:
    """modelspec, and what kohya's trainer would have written: A1111 reads rank, base and trigger words from it."""
    settings, images = weights.card.get("settings", {}), weights.card.get("images", [])
    rank = str(max(down.shape[0] for down, _ in adapter.pairs.values()))
    notes = {
        "ss_output_name": title,
        "ss_network_module": "networks.lora",
        "ss_network_dim": rank,
        "ss_network_alpha": rank,
        "ss_v2": "False",
        "ss_base_model_version": "sdxl_base_v1-0" if base.is_sdxl else base.folder.name,
        "sshs_model_hash": HASHED,
        "modelspec.hash_sha256": f"0x{HASHED}",
    }
    notes |= {own: str(settings[name]) for own, name in SETTINGS.items() if settings.get(name) is not None}
    if resolution := settings.get("resolution"):
        notes["ss_resolution"] = f"({resolution}, {resolution})"
    if images:
        notes["ss_num_train_images"] = str(len(images))
    if "steps" in weights.card:
        notes["ss_steps"] = str(weights.card["steps"])
    if frequency := _tag_frequency(weights):
        notes["ss_tag_frequency"] = json.dumps({title: frequency}, ensure_ascii=False)
    return describe_model(title, "lora", weights, base) | notes


def _tag_frequency(weights: Weights) -> dict[str, int]:
    """How many captions hold each tag, the token strings first: A1111 offers them as trigger words."""
    captions = [image["caption"] for image in weights.card.get("images", [])]
    tokens = list(weights.words.triggers()) if weights.words else []
    counts = {token: max(1, sum(contains(caption, token) for caption in captions)) for token in tokens}
    tags = Counter(tag.strip() for caption in captions for tag in caption.split(","))
    return counts | {tag: count for tag, count in tags.most_common() if tag and tag not in counts}
