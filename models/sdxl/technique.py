"""A technique is a value: which groups of parameters move, for what share of the steps, and which files are saved.

Knows nothing about how a group is built or trained.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Technique:
    """`moves` maps a group (`lora`: pairs beside the base's attention; `words`: new rows) to the share of steps it moves."""

    name: str
    moves: dict[str, float]
    files: tuple[str, ...]


# Pivotal tuning (Roich et al., 2021, as cog-sdxl uses it): words and LoRA together, then the LoRA alone around fixed words.
PIVOTAL = Technique(
    name="pivotal",
    moves={"lora": 1.0, "words": 0.5},
    files=("lora.safetensors", "embeddings.pti", "special_params.json"),
)
