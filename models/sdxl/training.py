"""One training from the archive to the tar: prepare, encode, fit, save."""

from __future__ import annotations

import importlib.metadata
import json
import secrets
import tempfile
from pathlib import Path

import torch
from base import Base, current, describe_sizes
from loop import Course, Group, Images, Plan, fit
from prepare import PREPARED_NAME, Dataset, Example, prepare, weigh, write_prepared
from progress import Progress
from technique import PIVOTAL, Technique
from tuning import Tuning
from weights import CARD, Weights, write_weights

import runner

WEIGHT_DECAY = {"lora": 1e-4, "words": 1e-3}
LIBRARIES = ("torch", "diffusers", "transformers", "safetensors", "pillow")
CURVE_POINTS = 200
FILE_INPUTS = ("input_images", "edits")


def run(inputs: dict) -> Path:
    """Trains by `train`'s inputs and returns the tar. The same inputs and seed give the same `lora.safetensors`."""
    technique = PIVOTAL
    seed = secrets.randbits(32) if inputs["seed"] is None else inputs["seed"]
    print(f"Using seed: {seed}")
    runner.stage("loading")
    base = current()
    dataset = prepare(inputs)
    publish(dataset)
    runner.stage("encoding")
    images = encode(base, dataset)
    captions = [example.caption for example in dataset.examples]
    pictures = [(example.image.width, example.image.height, example.image.crop) for example in dataset.examples]
    sizes = describe_sizes(pictures, inputs["resolution"], inputs["resolution"])
    tuning = Tuning(base, technique, captions, sizes, inputs, seed)
    runner.stage("training")
    with tuning.attached():
        course = train_groups(technique, tuning, images, inputs, seed)
    runner.stage("saving")
    return save(base, technique, tuning, dataset, course, inputs | {"seed": seed})


def publish(dataset: Dataset) -> None:
    """What the trainer sees of every image, for a person to look at, and to train on again."""
    path = Path(tempfile.mkdtemp(prefix="prepared-", dir=runner.folder())) / PREPARED_NAME
    write_prepared(dataset, path)
    runner.artifact(path)


def train_groups(technique: Technique, tuning: Tuning, images: Images, inputs: dict, seed: int) -> Course:
    plan = Plan(
        inputs["max_train_steps"], inputs["train_batch_size"], seed, inputs["lr_scheduler"], inputs["lr_warmup_steps"]
    )
    rates = {"lora": inputs["lora_lr"], "words": inputs["ti_lr"]}
    groups = [
        Group(
            name=name,
            parameters=tuning.parameters(name),
            learning_rate=rates[name],
            weight_decay=WEIGHT_DECAY[name],
            last_step=round(share * plan.steps),
            averaged=name == "lora",
        )
        for name, share in technique.moves.items()
    ]
    progress = Progress(plan.steps, "steps")

    def on_reading(step: int, losses: list[float]) -> None:
        runner.metric(step, loss=losses[-1])
        progress(step, f", loss {sum(losses[-20:]) / len(losses[-20:]):.4f}")

    return fit(plan, images, tuning, groups, tuning.base.objective(), on_reading)


def encode(base: Base, dataset: Dataset) -> Images:
    """The dataset's latents, encoded once and kept on the device, and their masks at the latents' size."""
    means, deviations = [], []
    for example in dataset.examples:
        pixels = torch.frombuffer(bytearray(example.picture.tobytes()), dtype=torch.uint8)
        pixels = pixels.view(example.picture.height, example.picture.width, 3).permute(2, 0, 1)
        mean, deviation = base.encode_images(pixels[None] / 127.5 - 1)
        means.append(mean)
        deviations.append(deviation)
    mean = torch.cat(means).float()
    masks = torch.stack([latent_mask(example, mean.shape[2:]) for example in dataset.examples]).to(mean.device)
    return Images(mean, torch.cat(deviations).float(), masks, [example.name for example in dataset.examples])


def latent_mask(example: Example, size: torch.Size) -> torch.Tensor:
    """How much each place of an image's latents counts [1, H, W]: the mean of the pixels' weights there."""
    if example.mask is None:
        return torch.ones(1, *size)
    return torch.nn.functional.interpolate(torch.from_numpy(weigh(example.mask))[None, None], size, mode="area")[0]


def save(base: Base, technique: Technique, tuning: Tuning, dataset: Dataset, course: Course, inputs: dict) -> Path:
    card = make_card(base, technique, dataset, course, inputs)
    # A folder of its own: outside a run two trainings share runner.folder().
    folder = Path(tempfile.mkdtemp(prefix="weights-", dir=runner.folder()))
    path = folder / "trained_model.tar"
    write_weights(path, Weights(tuning.adapter, tuning.words, card))
    card_path = folder / CARD
    card_path.write_text(json.dumps(card, indent=2, ensure_ascii=False), encoding="utf-8")
    runner.artifact(card_path)
    return path


def make_card(base: Base, technique: Technique, dataset: Dataset, course: Course, inputs: dict) -> dict:
    """What this model is and how it was made. Holds no time and no path, so that equal trainings give equal cards."""
    examples = dataset.examples
    return {
        "base": {"name": base.folder.name, "sha256": base.sha256},
        "technique": technique.name,
        "token_strings": [inputs["token_string"]],
        "settings": {name: value for name, value in inputs.items() if name not in FILE_INPUTS},
        "steps": course.steps,
        "images": [
            {"name": example.name, "caption": example.caption, "caption_source": example.caption_source}
            for example in examples
        ],
        "loss": curve(course.losses),
        "libraries": {name: importlib.metadata.version(name) for name in LIBRARIES},
        "defaults": {"prompt": examples[0].caption, "lora_scale": 1},
    }


def curve(losses: list[float]) -> list[list[float]]:
    """At most 200 points [step, mean loss since the point before]."""
    stride = -(-len(losses) // CURVE_POINTS)
    ends = range(stride, len(losses) + 1, stride) if losses else ()
    return [[end, round(sum(losses[end - stride : end]) / stride, 6)] for end in ends]
