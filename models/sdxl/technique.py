"""A technique is a value: which groups of parameters move, and for what share of the steps. A group that moves is saved.

Knows nothing about how a group is built or trained.
"""

from __future__ import annotations

from dataclasses import dataclass

import runner


@dataclass(frozen=True)
class Technique:
    """`moves` maps a group (`lora`: pairs beside the base's attention; `words`: new rows) to the share of steps it moves.

    Where `holds_norms`, new rows stay as long as the vocabulary's: alone, they would grow until no other word is heard.
    """

    name: str
    moves: dict[str, float]
    holds_norms: bool = False


TECHNIQUES = {
    one.name: one
    for one in (
        # Roich et al., 2021, as cog-sdxl uses it: words and LoRA together, then the LoRA alone around words at rest.
        Technique("pivotal", {"lora": 1.0, "words": 0.5}),
        # Hu et al., 2021.
        Technique("lora", {"lora": 1.0}),
        # Gal et al., 2022.
        Technique("textual_inversion", {"words": 1.0}, holds_norms=True),
    )
}


def choose_technique(inputs: dict) -> Technique:
    """The technique by `train`'s inputs `technique` and `is_lora`. Raises `runner.Failure` where they contradict each other."""
    name = inputs["technique"]
    if not inputs["is_lora"] and name == "lora":
        raise runner.Failure("input_invalid", "is_lora: it is false, but technique is lora. Leave one of the two out.")
    if not inputs["is_lora"] and name == "pivotal":
        raise runner.Failure(
            "input_unsupported",
            "is_lora: false asks for DreamBooth, a training of the whole model, which this version of Easel does not have. "
            "Leave is_lora out.",
        )
    return TECHNIQUES[name]
