"""One training from the archive to the tar: prepare, encode, fit, save."""

from __future__ import annotations

import hashlib
import json
import tempfile
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path

import torch
from base import Base, current, describe_sizes
from choice import Choice
from class_images import ClassImage, make_class_images
from course import Course, Group
from divergence import Trend, warn_of
from eye import Eye
from footprint import activation_bytes
from judge import Judge, choose_probes
from keeping import EASEL_DECIDES, StateKeeper, choose_seed, find_state, list_libraries
from loop import fit
from memory import BYTES_PER_PARAMETER, MemoryPlan, Need, plan_memory, read_free_bytes
from plan import Images, Plan
from prepare import PREPARED_NAME, Dataset, Example, prepare, weigh, write_prepared
from prepare.networks import find_part
from progress import Progress
from result import Result, save, settings_of
from snapshots import SampleKeeper, SnapshotKeeper, choose_prompts, steps_between_kept, steps_between_snapshots
from technique import Technique, choose_technique
from tuning import Tuning
from words import read_token_strings

import runner
from runner.report import Room

WEIGHT_DECAY = {"lora": 1e-4, "words": 1e-3, "unet": 1e-2, "text_encoders": 1e-2}
LEARNING_RATE = {
    "lora": "lora_lr",
    "words": "ti_lr",
    "unet": "unet_learning_rate",
    "text_encoders": "unet_learning_rate",
}


def run(inputs: dict) -> Path:
    """Trains by `train`'s inputs and returns the tar. The same inputs and seed give the same `lora.safetensors`."""
    technique = choose_technique(inputs)
    with make_room(technique):
        return train(technique, inputs)


def make_room(technique: Technique, aside: Room = nullcontext) -> AbstractContextManager[None]:
    """Predictions may draw with the base between two steps, inside `aside()`: unless the base itself is what moves."""
    return nullcontext() if technique.replaces_base else runner.room(aside)


def train(technique: Technique, inputs: dict) -> Path:
    state = find_state()
    seed = choose_seed(inputs["seed"], state)
    print(f"Using seed: {seed}")
    runner.stage("loading")
    base = current()
    dataset = prepare(inputs)
    publish(dataset)
    runner.stage("encoding")
    captions = [example.caption for example in dataset.examples]
    classes = make_class_images(base, captions, inputs)
    images = encode(base, dataset, classes)
    resolution = inputs["resolution"]
    pictures = [(example.image.width, example.image.height, example.image.crop) for example in dataset.examples]
    sizes = describe_sizes(
        pictures + [(resolution, resolution, (0, 0, resolution))] * len(classes), resolution, resolution
    )
    tuning = Tuning(base, technique, captions + [one.prompt for one in classes], sizes, inputs, seed)
    plan = Plan(
        steps=inputs["max_train_steps"],
        batch_size=inputs["train_batch_size"],
        seed=seed,
        schedule=inputs["lr_scheduler"],
        warmup_steps=inputs["lr_warmup_steps"],
        noise_offset=inputs["noise_offset"],
        caption_dropout=inputs["caption_dropout"],
        accumulation=inputs["gradient_accumulation_steps"],
        prior_weight=inputs["prior_loss_weight"],
    )
    course = Course(make_groups(technique, tuning, plan, inputs), plan.steps, seed, base.device)
    memory = fit_memory(base, course, inputs)
    plan = replace(plan, images_at_once=memory.images_at_once)
    every = steps_between_snapshots(plan.steps, inputs["checkpointing_steps"])
    # Whole networks are written in half precision, all else in single.
    kept_every = steps_between_kept(plan.steps, every, (2 if technique.replaces_base else 4) * course.count_moving())
    choice = make_choice(plan.steps, every, tuning, dataset, inputs)
    states = StateKeeper(describe_training(base, dataset, inputs, seed), inputs["checkpointing_steps"], choice)
    result = Result(base, technique, tuning, dataset, inputs | {"seed": seed})
    snapshots = SnapshotKeeper(every, kept_every, result.write, choice)
    samples = SampleKeeper(
        steps_between_snapshots(plan.steps, EASEL_DECIDES)
        if inputs["sample_steps"] is None
        else inputs["sample_steps"],
        choose_prompts(inputs["sample_prompts"], captions, read_token_strings(inputs["token_string"])),
        tuning,
        inputs["resolution"],
    )
    if state:
        states.resume(course, state)
    runner.stage("training")
    with tuning.attached(), make_room(technique, tuning.detached), base.recomputing(memory.recomputed):
        if not state:
            choice.begin()
            if samples.wants(0):
                samples.keep(course)
        # A state holds what was chosen by its step, so that step's snapshot comes first.
        keepers = (snapshots, states, samples)
        fit(plan, images, tuning, course, base.objective(inputs["snr_gamma"]), keepers, Reading(plan))
        snapshots.keep_last(course)
    runner.stage("saving")
    path = save(choice.result(), course)
    snapshots.end()
    return path


def fit_memory(base: Base, course: Course, inputs: dict) -> MemoryPlan:
    """How the training fits into what the device has left, said where it is not the plain way."""
    side, size = inputs["resolution"] // base.pixels_per_latent, base.dtype.itemsize
    image, recomputed = (activation_bytes(base.unet.config, side, size, twice) for twice in (False, True))
    need = Need(BYTES_PER_PARAMETER * course.count_moving(), image, recomputed)
    batch = inputs["train_batch_size"] * (2 if inputs["prior_loss_weight"] else 1)
    plan = plan_memory(read_free_bytes(str(base.device)), need, batch, inputs["gradient_checkpointing"])
    if base.device.type == "cuda" or plan.images_at_once < batch:
        print(plan.reason)
    return plan


def make_choice(steps: int, every: int, tuning: Tuning, dataset: Dataset, inputs: dict) -> Choice:
    """What is published at the end, and by whose judgement."""
    if inputs["publish"] == "last":
        return Choice(steps, every, None, "The last, as it was asked for.")
    try:
        folder = find_part("clipseg")
    except runner.Failure as missing:
        print(f"The last snapshot will be published, for none can be scored. {missing.message}")
        return Choice(steps, every, None, f"The last: {missing.message}")
    captions = [example.caption for example in dataset.examples]
    kind = inputs["initial_word"] or inputs["subject"]
    probes = choose_probes(inputs["subject"], captions, read_token_strings(inputs["token_string"])[0], kind)
    eye, of_style = Eye(folder, tuning.base.device), inputs["subject"] == "style"
    judge = Judge(tuning, eye, dataset.examples, probes, of_style, inputs["resolution"])
    return Choice(steps, every, judge)


def describe_training(base: Base, dataset: Dataset, inputs: dict, seed: int) -> dict:
    """What a training state has to agree with."""
    total = hashlib.sha256()
    for example in dataset.examples:
        image = example.image
        described = (example.name, example.caption, image.width, image.height, image.crop)
        total.update(json.dumps(described).encode())
        for data in (image.png, image.mask_png or b""):
            total.update(hashlib.sha256(data).digest())
    return {
        "seed": seed,
        "dataset": total.hexdigest(),
        "base": base.sha256,
        "settings": settings_of(inputs),
        "libraries": list_libraries(),
    }


def publish(dataset: Dataset) -> None:
    """What the trainer sees of every image, for a person to look at, and to train on again."""
    path = Path(tempfile.mkdtemp(prefix="prepared-", dir=runner.folder())) / PREPARED_NAME
    write_prepared(dataset, path)
    runner.artifact(path)


def make_groups(technique: Technique, tuning: Tuning, plan: Plan, inputs: dict) -> list[Group]:
    return [
        Group(
            name=name,
            parameters=tuning.parameters(name),
            learning_rate=inputs[LEARNING_RATE[name]],
            weight_decay=WEIGHT_DECAY[name],
            last_step=round(share * plan.steps),
            averaged=inputs["use_ema"] and share == 1,
            row_norms=tuning.base.usual_norms() if name == "words" and technique.holds_norms else None,
        )
        for name, share in technique.moves.items()
    ]


class Reading:
    """Says how far a training is, and its losses; once, that they run away."""

    def __init__(self, plan: Plan) -> None:
        self.progress = Progress(plan.steps, "steps")
        self.trend = Trend(plan.batch_size * plan.accumulation)

    def __call__(self, course: Course) -> None:
        runner.metric(course.steps, loss=course.losses[-1])
        # All of them where a training was resumed: what was warned of before is not again.
        for loss in course.losses[self.trend.step :]:
            self.trend = self.trend.after(loss)
        if self.trend.ran_away_at == course.steps:
            print(f"Warning: {warn_of(self.trend, {group.name: group.learning_rate for group in course.groups})}")
        recent = course.losses[-20:]
        self.progress(course.steps, f", loss {sum(recent) / len(recent):.4f}")


def encode(base: Base, dataset: Dataset, classes: list[ClassImage]) -> Images:
    """The latents of the dataset and of the class images behind it, encoded once and kept on the device, and their masks at
    the latents' size."""
    means, deviations = [], []
    for one in [*dataset.examples, *classes]:
        picture = one.picture
        pixels = torch.frombuffer(bytearray(picture.tobytes()), dtype=torch.uint8)
        pixels = pixels.view(picture.height, picture.width, 3).permute(2, 0, 1)
        mean, deviation = base.encode_images(pixels[None] / 127.5 - 1)
        if not mean.isfinite().all() or not deviation.isfinite().all():
            raise runner.Failure(
                "non_finite_latents",
                f"{one.name} comes out of the base's VAE as numbers that are not finite. Leave the image out; if others end "
                "so too, the VAE of this base is broken.",
            )
        means.append(mean)
        deviations.append(deviation)
    mean = torch.cat(means).float()
    masks = [latent_mask(example, mean.shape[2:]) for example in dataset.examples]
    masks += [torch.ones(1, *mean.shape[2:])] * len(classes)
    names = [example.name for example in dataset.examples] + [one.name for one in classes]
    return Images(mean, torch.cat(deviations).float(), torch.stack(masks).to(mean.device), names, len(classes))


def latent_mask(example: Example, size: torch.Size) -> torch.Tensor:
    """How much each place of an image's latents counts [1, H, W]: the mean of the pixels' weights there."""
    if example.mask is None:
        return torch.ones(1, *size)
    return torch.nn.functional.interpolate(torch.from_numpy(weigh(example.mask))[None, None], size, mode="area")[0]
