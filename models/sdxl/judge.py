"""Draws the same few prompts with the same seeds again and again, and scores what comes out. Knows nothing about files.

The prompts are probes: things that the training images do not show, or places where they are not, so that what is asked can be
told from what was learnt by heart.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from eye import Eye
from PIL import Image
from prepare import Example
from score import (
    STRICT_WITH_PLACES,
    STRICT_WITH_STYLES,
    Score,
    Yardstick,
    alikeness,
    distances_to_nearest,
    score_pictures,
    usual_distance,
)
from snapshots import draw_prompts
from tuning import Tuning
from words import contains, split, without

# Of four pictures, chance moved a style's likeness more than its training did: of a textual inversion step 40 was published, which had
# 0.656 to the truth, where step 120 had 0.728.
PROBES = 8
# Fewer than a sample has: what CLIP sees of a picture is there by then.
INFERENCE_STEPS = 5
SIDE = 32
# With one there is nothing that its picture could be told from.
PROBES_AT_LEAST = 4
PLACEHOLDER = "TOK"


@dataclass(frozen=True)
class Probe:
    """A prompt with the token string, and the same without, which is what a picture of it has to show."""

    prompt: str
    plain: str


class Judge:
    """Scores `tuning` as it is. `examples` are the training images, of which only what their masks leave counts.

    Of a style it is the way of drawing that has to be like theirs: by what is shown, eight pictures of other things than theirs
    tell too little.
    """

    def __init__(
        self,
        tuning: Tuning,
        eye: Eye,
        examples: list[Example],
        probes: Sequence[Probe],
        of_style: bool,
        resolution: int,
    ) -> None:
        self.tuning, self.eye, self.probes, self.resolution = tuning, eye, probes, resolution
        self.of_style, self.strictness = of_style, STRICT_WITH_STYLES if of_style else STRICT_WITH_PLACES
        self.told_PD = eye.read([probe.plain for probe in probes])
        pictures, masks = [example.picture for example in examples], [example.mask for example in examples]
        self.images_ND = eye.see_style(pictures, masks) if of_style else eye.see(pictures, masks)
        self.pixels_N = _shrink(pictures)
        self.usual = usual_distance(self.pixels_N)

    def score(self, step: int) -> Score:
        """Of the parameters as they are, after `step` steps. The adapter has to stand beside the base."""
        return self._score([probe.prompt for probe in self.probes], step)

    def make_yardstick(self) -> Yardstick:
        """Before the first step, when the adapter changes nothing yet: what the base draws without the token string."""
        alike = 1.0 if self.of_style else alikeness(self.images_ND)
        return Yardstick(self._score([probe.plain for probe in self.probes], 0), alike, self.strictness)

    def _score(self, prompts: list[str], step: int) -> Score:
        pictures = draw_prompts(self.tuning, prompts, self.resolution, INFERENCE_STEPS, step)
        distances_P = distances_to_nearest(_shrink(pictures), self.pixels_N)
        seen_PD = self.eye.see(pictures)
        if self.of_style:
            drawn_PD = self.eye.see_style(pictures)
            likeness = float(torch.cosine_similarity(drawn_PD.mean(dim=0), self.images_ND.mean(dim=0), dim=0))
        else:
            likeness = float((seen_PD @ self.images_ND.t()).mean())
        return score_pictures(likeness, seen_PD, self.told_PD, distances_P, self.usual)


def choose_probes(subject: str, captions: Sequence[str], token_string: str, kind: str) -> list[Probe]:
    """Of the base's probes for a subject the first `PROBES` that no caption shows, and where these are fewer than
    `PROBES_AT_LEAST`, some of the others too; captions where there are none.

    A probe without TOK is a place, and stands behind the shortest beginning of a caption that ends in the token string: what
    captions say behind it is of their own images. There `kind` is what the base alone is asked for.
    """
    stem = min((_until(token_string, caption) for caption in captions), key=len)

    def ask(probe: str) -> Probe:
        if contains(probe, PLACEHOLDER):
            prompt = token_string.join(split(probe, [PLACEHOLDER])[::2])
            return Probe(prompt, without(prompt, [token_string]))
        return Probe(f"{stem} {probe}", f"{kind.join(split(stem, [token_string])[::2])} {probe}")

    unseen, seen = [], []
    for probe in read_probes().get(subject, []):
        (seen if _is_shown(probe, captions) else unseen).append(ask(probe))
    asked = unseen + seen[: max(0, PROBES_AT_LEAST - len(unseen))]
    own = [Probe(caption, without(caption, [token_string])) for caption in dict.fromkeys(captions)]
    return (asked or own)[:PROBES]


def read_probes() -> dict[str, list[str]]:
    """The base's table, by subject; what is in it says TOK where the token string belongs."""
    path = Path(os.environ["EASEL_BASE"]) / "defaults.json"
    return json.loads(path.read_text()).get("probes", {}) if path.is_file() else {}


def _until(token_string: str, caption: str) -> str:
    before, *rest = split(caption, [token_string])
    return before + token_string if rest else caption


def _is_shown(probe: str, captions: Sequence[str]) -> bool:
    """Whether a caption names a probe's place, or the last word of its thing."""
    thing = probe.removesuffix(" in the style of TOK").split()[-1] if contains(probe, PLACEHOLDER) else probe
    return any(contains(caption.lower(), thing.lower()) for caption in captions)


def _shrink(pictures: Sequence[Image.Image]) -> torch.Tensor:
    small = [picture.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BOX) for picture in pictures]
    return torch.from_numpy(np.stack(small)).float()
