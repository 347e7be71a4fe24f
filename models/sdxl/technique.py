"""A technique is a value: which groups of parameters move, and for what share of the steps. A group that moves is saved.

Knows nothing about how a group is built or trained.
"""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Technique:
    """`moves` maps a group to the share of steps it moves: `lora`, pairs beside the base's layers; `words`, new rows; `unet` and
    `text_encoders`, whole networks in the place of the base's.

    Where `holds_norms`, new rows stay as long as the vocabulary's: alone, they would grow until no other word is heard.
    """

    name: str
    moves: dict[str, float]
    holds_norms: bool = False

    @property
    def replaces_base(self) -> bool:
        """Whether networks of the base's are what moves: others cannot draw with it meanwhile, and what comes out is a model of
        its own rather than something beside the base."""
        return not self.moves.keys() <= {"lora", "words"}


TECHNIQUES = {
    one.name: one
    for one in (
        # Roich et al., 2021, as cog-sdxl uses it: words and LoRA together, then the LoRA alone around words at rest.
        Technique("pivotal", {"lora": 1.0, "words": 0.5}),
        # Hu et al., 2021.
        Technique("lora", {"lora": 1.0}),
        # Gal et al., 2022.
        Technique("textual_inversion", {"words": 1.0}, holds_norms=True),
        # Ruiz et al., 2022.
        Technique("dreambooth", {"unet": 1.0}),
    )
}


def choose_technique(inputs: dict) -> Technique:
    """The technique by `train`'s inputs `technique` and `train_text_encoder`."""
    chosen = TECHNIQUES[inputs["technique"]]
    return replace(chosen, moves=chosen.moves | {"text_encoders": 1.0}) if inputs["train_text_encoder"] else chosen
