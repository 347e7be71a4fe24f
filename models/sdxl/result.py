"""What comes of a training: the tar of its weights, and the card that says what they are and how they were made. Knows nothing about
how a training goes."""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path

from base import Base
from choice import Chosen
from course import Course
from keeping import list_libraries
from prepare import Dataset, Example
from prompts import ready_prompts
from technique import Technique
from tuning import Tuning
from weights import CARD, Weights, replace_card, write_weights
from words import count_naming, read_token_strings

import runner

CURVE_POINTS = 200
FILE_INPUTS = ("input_images", "edits")


@dataclass(frozen=True)
class Result:
    """What comes of a training at any step: the tar with its card."""

    base: Base
    technique: Technique
    tuning: Tuning
    dataset: Dataset
    inputs: dict

    def write(self, path: Path, course: Course) -> None:
        """Writes the tar of the parameters as they are."""
        words = self.tuning.words
        card = make_card(self.base, self.technique, self.dataset, course, self.inputs, words.read_as() if words else {})
        write_weights(path, Weights(self.tuning.trained_adapter(), words, card, self.tuning.whole))


def save(chosen: Chosen, course: Course) -> Path:
    """Writes the chosen snapshot's tar with the whole training's losses and the reason in its card, and reports the card."""
    # A folder of its own: outside a run two trainings share runner.folder().
    folder = Path(tempfile.mkdtemp(prefix="weights-", dir=runner.folder()))
    path = folder / "trained_model.tar"
    card = replace_card(chosen.path, path, {"loss": curve(course.losses), "chosen": chosen.described})
    print(f"Publishing step {chosen.step} of {course.steps}. {chosen.described['reason']}")
    card_path = folder / CARD
    card_path.write_text(json.dumps(card, indent=2, ensure_ascii=False), encoding="utf-8")
    runner.artifact(card_path)
    return path


def make_card(
    base: Base, technique: Technique, dataset: Dataset, course: Course, inputs: dict, read_as: dict[str, str]
) -> dict:
    """What this model is and how it was made. Holds no time and no path, so that equal trainings give equal cards. `read_as`: the
    words that stand for token strings, see `Words`."""
    examples = dataset.examples
    captions = [example.caption for example in examples]
    tokens = read_token_strings(inputs["token_string"])
    prompts = ready_prompts(inputs["sample_prompts"], captions, tokens[0], inputs["caption_prefix"])
    return {
        "base": {"name": base.folder.name, "sha256": base.sha256},
        "technique": technique.name,
        "replaces_base": technique.replaces_base,
        "token_strings": tokens,
        "trigger": {
            "present": count_naming(captions, tokens),
            "total": len(captions),
            "each": {token: count_naming(captions, [token]) for token in tokens},
        },
        "settings": settings_of(inputs),
        "steps": course.steps,
        "change": course.change(),
        "images": [describe_image(example) for example in examples],
        "loss": curve(course.losses),
        "libraries": list_libraries(),
        "prompts": [{"prompt": prompt, "seed": seed} for seed, prompt in enumerate(prompts)],
        "defaults": {"prompt": captions[0], "lora_scale": 1},
        **({"read_as": read_as} if read_as else {}),
    }


def describe_image(example: Example) -> dict:
    """What became of an image: pixels are those of the upright picture, a crop is [x, y, side]."""
    image = example.image
    return {
        "name": example.name,
        "sha256": example.source_sha256,
        "width": image.width,
        "height": image.height,
        "crop": list(image.crop),
        "crop_source": image.crop_source,
        "mask_source": image.mask_source,
        "upscaled": image.upscaled,
        "caption": example.caption,
        "caption_source": example.caption_source,
    }


def curve(losses: list[float]) -> list[list[float]]:
    """At most 200 points [step, mean loss since the point before]."""
    stride = -(-len(losses) // CURVE_POINTS)
    ends = range(stride, len(losses) + 1, stride) if losses else ()
    return [[end, round(sum(losses[end - stride : end]) / stride, 6)] for end in ends]


def settings_of(inputs: dict) -> dict:
    return {name: value for name, value in inputs.items() if name not in FILE_INPUTS}
