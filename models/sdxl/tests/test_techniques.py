"""Each technique on the demo's images with no other input than `technique`: what moves, what does not, and what is saved."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
import torch
from adapter import Adapter, fold
from base import current
from conftest import DEMO_ZIP, ROOT, Called, Functions, fingerprint, make_zip, members
from course import Course, Group
from export.bundle import export_weights
from export.names import lora_name
from mixture import mix
from objective import Objective
from plan import Images, Plan
from safetensors import safe_open
from safetensors.torch import load, load_file
from step import Step
from weights import Weights, read_weights, write_weights
from words import Words

from runner import Failure
from runner.rules import settle

FILES = {
    "pivotal": {"lora.safetensors", "embeddings.pti", "special_params.json"},
    "lora": {"lora.safetensors", "special_params.json"},
    "textual_inversion": {"embeddings.pti", "special_params.json"},
    "dreambooth": {"unet.safetensors", "special_params.json"},
}
GROUPS = {
    "pivotal": {"lora", "words"},
    "lora": {"lora"},
    "textual_inversion": {"words"},
    "dreambooth": {"unet"},
}
STYLES = "noto blob twemoji flat emojione firefox"
PROMPT, WITH_TOKEN = "an emoji of a fox", "a TOK emoji of a fox"


@pytest.fixture(scope="module")
def five_images(tmp_path_factory) -> Path:
    """The first five of the demo's images, without their captions' file where one stands apart."""
    with zipfile.ZipFile(DEMO_ZIP) as archive:
        names = sorted(name for name in archive.namelist() if name.endswith(".png"))[:5]
        files = {name: archive.read(name) for name in names}
        files |= {name: archive.read(name) for name in archive.namelist() if name.endswith((".csv", ".txt", ".jsonl"))}
    return make_zip(tmp_path_factory.mktemp("five") / "five.zip", files)


@pytest.fixture(scope="module")
def inverted(functions: Functions) -> Called:
    """A textual inversion whose effect can be seen after four steps."""
    return functions.train(technique="textual_inversion", ti_lr=0.1)


def drawn(functions: Functions, weights: Path | None, prompt: str) -> bytes:
    return Path(functions.draw(functions.predictor(weights), prompt=prompt).result[0]).read_bytes()


def test_a_token_string_without_rows_is_read_as_the_initial_word(functions: Functions, tmp_path: Path):
    made = functions.train(technique="lora", lora_lr=0.01).result
    # cog-sdxl puts what stands here in the token string's place, and so does whoever writes the prompt elsewhere.
    assert json.loads(members(made)["special_params.json"]) == {"TOK": "style"}
    assert read_weights(made).card["read_as"] == {"TOK": "style"}
    assert drawn(functions, made, WITH_TOKEN) == drawn(functions, made, "a style emoji of a fox")
    export_weights(made, current().folder, "kohya", tmp_path, "toy")
    assert not (tmp_path / "embeddings").exists()
    assert "For TOK write `style`" in (tmp_path / "README.md").read_text()
    with safe_open(tmp_path / "toy.safetensors", "pt") as file:
        assert file.metadata()["modelspec.trigger_phrase"] == "style"


def test_a_token_string_is_read_as_it_stands_where_no_word_is_given(functions: Functions):
    made = functions.train(technique="lora", max_train_steps=1, initial_word="").result
    assert read_weights(made).words is None
    assert members(made).keys() == {"lora.safetensors", "model_card.json"}


def test_words_of_both_kinds_together(functions: Functions, inverted: Called):
    learnt, read = read_weights(inverted.result), Weights(None, Words({"HAT": "fox"}, []), {})
    words = mix([(read, 1), (learnt, 1)]).words
    assert words.meanings == {"HAT": "fox", "TOK": range(1)}
    numbers = current().tokenize(["a TOK emoji of a HAT"], words.meanings).ids[0]
    rows = len(current().token_tables()[0])
    assert numbers.tolist() == current().tokenize(["a TOK emoji of a fox"], learnt.words.meanings).ids[0].tolist()
    assert rows in numbers[0].tolist()


@pytest.mark.parametrize("technique", FILES)
def test_what_moves_is_saved_and_nothing_else_moves(functions: Functions, technique: str):
    before = fingerprint()
    made = functions.train(technique=technique).result
    assert fingerprint() == before
    assert members(made).keys() == FILES[technique] | {"model_card.json"}
    card = read_weights(made).card
    assert card["technique"] == technique
    assert card["change"].keys() == GROUPS[technique]
    assert all(norm > 0 for norm in card["change"].values())
    assert drawn(functions, made, WITH_TOKEN) != drawn(functions, None, WITH_TOKEN)


@pytest.mark.parametrize("technique", FILES)
def test_five_images_are_enough(functions: Functions, five_images: Path, technique: str):
    card = read_weights(functions.train(input_images=five_images, technique=technique).result).card
    assert len(card["images"]) == 5
    assert card["steps"] == 4


def test_the_norm_of_change_is_that_of_what_moved(functions: Functions):
    given = {"technique": "lora", "max_train_steps": 1, "lr_warmup_steps": 0}
    moved, start = (read_weights(functions.train(lora_lr=rate, **given).result) for rate in (0.1, 1e-9))
    squares = [
        (a - b).square().sum()
        for layer, pair in moved.adapter.pairs.items()
        for a, b in zip(pair, start.adapter.pairs[layer], strict=True)
    ]
    assert moved.card["change"]["lora"] == pytest.approx(sum(squares).sqrt().item(), rel=1e-3)


def test_without_its_word_an_inversion_is_the_base(functions: Functions, inverted: Called):
    assert drawn(functions, inverted.result, PROMPT) == drawn(functions, None, PROMPT)
    assert drawn(functions, inverted.result, WITH_TOKEN) != drawn(functions, None, WITH_TOKEN)


def test_an_inversions_rows_stay_as_long_as_the_vocabularys(functions: Functions):
    rows = read_weights(functions.train(technique="textual_inversion", ti_lr=1).result).words.rows
    for table, one in zip(current().token_tables(), rows, strict=True):
        norms = table.norm(dim=1)
        usual = torch.quantile(norms, torch.tensor([0.05, 0.95]))
        assert ((one.norm(dim=1) >= usual[0] - 1e-4) & (one.norm(dim=1) <= usual[1] + 1e-4)).all()
    # What holds them is needed: in pivotal tuning the same rate takes them far beyond.
    free = read_weights(functions.train(ti_lr=1).result).words.rows
    assert free[0].norm(dim=1).max() > current().token_tables()[0].norm(dim=1).max()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"technique": "lora", "is_lora": False}, "^is_lora: .* technique is lora"),
        ({"train_text_encoder": True}, "^train_text_encoder: only dreambooth"),
    ],
)
def test_contradictions_are_refused(functions: Functions, given: dict, said: str):
    with pytest.raises(Failure, match=said) as failure:
        functions.train(**given)
    assert failure.value.code == "input_invalid"


def test_technique_wins_over_is_lora(functions: Functions):
    made = functions.train(technique="textual_inversion", is_lora=False, max_train_steps=1).result
    assert read_weights(made).adapter is None


def test_words_of_another_base_are_refused(functions: Functions, inverted: Called, tmp_path: Path):
    weights = read_weights(inverted.result)
    wider = Words(weights.words.meanings, [torch.zeros(2, 768), torch.zeros(2, 1280)])
    write_weights(tmp_path / "wider.tar", Weights(None, wider, weights.card))
    with pytest.raises(Failure, match="trained on another base"):
        functions.predictor(tmp_path / "wider.tar")


@pytest.mark.parametrize("strength", [1.0, 0.25, 2.0])
def test_alpha_counts_in_training_as_in_the_file(strength: float):
    generator = torch.Generator().manual_seed(0)
    layers = {"layer": torch.nn.Linear(8, 6)}
    adapter = Adapter.create(layers, 4, generator, strength)
    torch.nn.init.normal_(adapter.pairs["layer"][1], generator=generator)
    x = torch.randn(3, 8, generator=generator)
    with torch.no_grad(), adapter.beside(layers):
        beside = layers["layer"](x)
    with torch.no_grad(), fold(layers, [(adapter.at_full_strength(), 1)]):
        torch.testing.assert_close(layers["layer"](x), beside)
    assert not torch.allclose(layers["layer"](x), beside)


def test_alpha_is_the_rank_where_it_is_left_out(functions: Functions, trained: Called):
    assert (
        members(functions.train(lora_alpha=16).result)["lora.safetensors"]
        == members(trained.result)["lora.safetensors"]
    )
    weaker = read_weights(functions.train(lora_alpha=4).result)
    assert weaker.card["settings"]["lora_alpha"] == 4
    assert weaker.card["change"] != read_weights(trained.result).card["change"]


def test_a_caption_left_out_is_an_empty_prompt(functions: Functions):
    seen = []

    def look(_module, inputs, options):
        context, pooled = inputs[2], options["added_cond_kwargs"]["text_embeds"]
        seen.append((context.abs().sum().item(), pooled.abs().sum().item()))

    handle = current().unet.register_forward_pre_hook(look, with_kwargs=True)
    try:
        functions.train(technique="lora", caption_dropout=1, max_train_steps=1)
        functions.train(technique="lora", caption_dropout=0, max_train_steps=1)
    finally:
        handle.remove()
    assert seen[0] == (0, 0)
    assert min(seen[1]) > 0


def test_accumulated_batches_make_a_step(functions: Functions):
    once, twice = (
        functions.train(technique="lora", max_train_steps=1, gradient_accumulation_steps=count).result
        for count in (1, 2)
    )
    assert read_weights(twice).card["steps"] == 1
    assert members(once)["lora.safetensors"] != members(twice)["lora.safetensors"]


def test_recomputed_activations_change_nothing(functions: Functions, trained: Called):
    before = current().unet.is_gradient_checkpointing
    called = functions.train(gradient_checkpointing=True)
    assert members(called.result)["lora.safetensors"] == members(trained.result)["lora.safetensors"]
    assert current().unet.is_gradient_checkpointing == before


def test_a_running_mean_comes_out_unless_it_is_not_wanted(functions: Functions):
    mean, last = (
        functions.train(technique="lora", max_train_steps=12, use_ema=wanted).result for wanted in (True, False)
    )
    assert members(mean)["lora.safetensors"] != members(last)["lora.safetensors"]
    assert read_weights(mean).card["loss"] == read_weights(last).card["loss"]


def test_several_concepts_have_words_of_their_own(functions: Functions, tmp_path: Path):
    with zipfile.ZipFile(DEMO_ZIP) as archive:
        names = sorted(name for name in archive.namelist() if name.endswith(".png"))[:4]
        rows = [f"an emoji of {'TOK' if place % 2 else 'HAT'},{name}" for place, name in enumerate(names)]
        table = "\n".join(["caption,image_file", *rows]).encode()
        path = make_zip(tmp_path / "two.zip", {name: archive.read(name) for name in names} | {"caption.csv": table})
    made = functions.train(
        input_images=path, technique="textual_inversion", token_string="TOK,HAT", num_vectors=3, ti_lr=0.1
    ).result
    assert json.loads(members(made)["special_params.json"]) == {"TOK": "<s0><s1><s2>", "HAT": "<s3><s4><s5>"}
    weights = read_weights(made)
    assert weights.card["token_strings"] == ["TOK", "HAT"]
    assert weights.card["trigger"] == {"present": 4, "total": 4, "each": {"TOK": 2, "HAT": 2}}
    assert [len(rows) for rows in weights.words.rows] == [6, 6]
    pictures = {drawn(functions, made, f"an emoji of {thing}") for thing in ("a fox", "TOK", "HAT", "TOK in a HAT")}
    assert len(pictures) == 4


def test_a_lora_beside_the_feed_forward_layers_too(functions: Functions, trained: Called, tmp_path: Path):
    made = functions.train(lora_targets="attention_and_feed_forward").result
    tensors = load(members(made)["lora.safetensors"])
    block = "down_blocks.1.attentions.0.transformer_blocks.0"
    for key in (f"{block}.attn1.processor.to_q_lora.down.weight", f"{block}.ff.net.0.proj.lora.up.weight"):
        assert tensors[key].abs().sum() > 0
    layers = read_weights(made).adapter.pairs.keys()
    assert layers == current().adapter_targets("attention_and_feed_forward").keys()
    assert read_weights(trained.result).adapter.pairs.keys() == current().adapter_targets("attention").keys()
    assert len(layers) == len(current().adapter_targets("attention")) * 10 // 8
    assert drawn(functions, made, WITH_TOKEN) != drawn(functions, None, WITH_TOKEN)
    export_weights(made, current().folder, "kohya", tmp_path, "toy")
    exported = load_file(tmp_path / "toy.safetensors")
    down = exported[f"{lora_name(f'{block}.ff.net.0.proj', current().unet.config)}.lora_down.weight"]
    assert torch.equal(down, tensors[f"{block}.ff.net.0.proj.lora.down.weight"].half())


def test_a_rank_of_one(functions: Functions):
    made = read_weights(functions.train(lora_rank=1, max_train_steps=2).result)
    assert {down.shape[0] for down, _ in made.adapter.pairs.values()} == {1}
    assert all(up.abs().sum() > 0 for _, up in made.adapter.pairs.values())


class Watcher:
    """A network that remembers what it was shown, and moves one number."""

    def __init__(self) -> None:
        self.bias = torch.nn.Parameter(torch.zeros(1))

    def condition(self, rows: torch.Tensor, dropped: torch.Tensor | None):
        self.dropped = dropped

    def predict(self, noisy: torch.Tensor, t: torch.Tensor, conditioning) -> torch.Tensor:
        self.noisy = noisy
        return noisy + self.bias

    def freeze(self, group: str) -> None: ...


def take_step(plan: Plan, images: Images, rows: torch.Tensor, network: Watcher, objective: Objective, course: Course):
    step = Step(plan, images, network, objective, course, tuple(rows.shape))
    step.draws.fill(rows, objective.timesteps, course.generator)
    step()
    return step.readings[0]


def shown(**given) -> Watcher:
    """One step on pictures of nothing, at a timestep that is all noise."""
    watcher = Watcher()
    plan = Plan(**{"steps": 1, "batch_size": 64, "seed": 0, "schedule": "constant", "warmup_steps": 0} | given)
    nothing = torch.zeros(64, 8, 16, 16)
    images = Images(nothing, nothing, torch.ones(64, 1, 16, 16), ["nothing"] * 64)
    course = Course([Group("bias", [watcher.bias], 0.1, 0.0, 1)], 1, 0, torch.device("cpu"))
    take_step(plan, images, torch.arange(64)[None], watcher, Objective("epsilon", torch.full((10,), 1e-6)), course)
    return watcher


def gradient_of(values: torch.Tensor, rows: torch.Tensor, **given) -> tuple[float, float]:
    """Gradient and loss of a step on pictures of one value each, at a timestep without noise: a network that adds a number
    gets twice its batches' mean value, and a loss of the mean of 1 + value²."""
    watcher, seen = Watcher(), []
    settings = {"seed": 0, "schedule": "constant", "warmup_steps": 0, "noise_offset": 0, "caption_dropout": 0}
    plan = Plan(steps=1, batch_size=rows.shape[1], accumulation=len(rows), **settings | given.pop("plan", {}))
    mean = values[:, None, None, None].expand(-1, 8, 16, 16)
    images = Images(mean, torch.zeros_like(mean), torch.ones(len(values), 1, 16, 16), ["one"] * len(values), **given)
    course = Course([Group("bias", [watcher.bias], 0.1, 0.0, 1)], 1, 0, torch.device("cpu"))
    course.optimizer.register_step_pre_hook(lambda *_: seen.append(watcher.bias.grad.item()))
    objective = Objective("epsilon", torch.full((10,), 1 - 1e-7), snr_gamma=0)
    loss = take_step(plan, images, rows, watcher, objective, course).item()
    return seen[0], loss


def test_accumulated_batches_weigh_alike():
    values = torch.arange(16.0)
    for rows in (torch.arange(16).view(1, 16), torch.arange(16).view(4, 4)):
        gradient, loss = gradient_of(values, rows)
        assert gradient == pytest.approx(2 * 7.5, rel=0.02)
        assert loss == pytest.approx(1 + values.square().mean().item(), rel=0.02)


def test_class_images_count_by_their_weight():
    values = torch.tensor([0.0, 0.0, 3.0, 3.0])
    _, loss = gradient_of(values, torch.tensor([[0, 1, 2, 3]]), class_count=2, plan={"prior_weight": 0.5})
    assert loss == pytest.approx(1 + 0.5 * 10, rel=0.05)


def test_every_batch_has_as_many_class_images_as_own_ones():
    plan = Plan(steps=10, batch_size=2, seed=0, schedule="constant", warmup_steps=0, noise_offset=0, caption_dropout=0)
    images = Images(*[torch.zeros(8, 1, 1, 1)] * 3, ["one"] * 8, class_count=3)
    rows = plan.batches(images)
    assert rows.shape == (10, 1, 4)
    assert set(rows[..., :2].flatten().tolist()) == set(range(5))
    assert set(rows[..., 2:].flatten().tolist()) == {5, 6, 7}


def test_noise_offset_shifts_whole_channels():
    without = shown(noise_offset=0.0, caption_dropout=0.0).noisy.mean(dim=(2, 3))
    with_offset = shown(noise_offset=0.5, caption_dropout=0.0).noisy.mean(dim=(2, 3))
    assert without.std().item() == pytest.approx(1 / 16, rel=0.2)
    assert with_offset.std().item() == pytest.approx(0.5, rel=0.2)


def test_the_share_of_captions_left_out():
    assert shown(noise_offset=0.0, caption_dropout=0.0).dropped is None
    assert 0.3 < shown(noise_offset=0.0, caption_dropout=0.5).dropped.float().mean() < 0.7


def test_schedules():
    def rates(schedule: str) -> list[float]:
        plan = Plan(12, 1, 0, schedule, warmup_steps=2, noise_offset=0, caption_dropout=0)
        return [round(plan.rate_at(step), 3) for step in (1, 2, 7, 12)]

    assert rates("constant") == [0.5, 1, 1, 1]
    assert rates("linear") == [0.5, 1, 0.6, 0.1]
    assert rates("cosine") == [0.5, 1, 0.655, 0.024]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, {"initial_word": STYLES, "caption_prefix": "a TOK emoji of ", "ti_lr": 0.003, "num_vectors": 2}),
        ({"technique": "lora"}, {"initial_word": "style"}),
        ({"subject": "object"}, {"initial_word": "object", "caption_prefix": "an emoji of TOK, "}),
        ({"subject": "object", "initial_word": "dog"}, {"initial_word": "dog", "caption_prefix": "an emoji of TOK, "}),
        ({"subject": "person"}, {"initial_word": "person", "use_face_detection_instead": True}),
        ({"technique": "textual_inversion"}, {"initial_word": STYLES, "ti_lr": 0.0005, "num_vectors": 1}),
        ({"technique": "textual_inversion", "subject": "object"}, {"mask_target_prompts": "object", "num_vectors": 2}),
        ({"technique": "textual_inversion", "ti_lr": 0.003}, {"ti_lr": 0.003}),
        ({"is_lora": False}, {"technique": "dreambooth", "prior_loss_weight": 1}),
    ],
)
def test_technique_and_subject_decide_what_was_not_given(functions: Functions, given: dict, expected: dict):
    model = functions.model
    values = {field.name: field.default for field in settle(model.train_fields, model.train_rules, given)} | given
    assert {name: values[name] for name in expected} == expected


@pytest.mark.parametrize("base", ["emoji", "sdxl"])
def test_the_page_about_training_has_each_rule_of_the_table(base: str):
    page = (ROOT / "docs" / "train.md").read_text()
    for row in json.loads((ROOT / "bases" / base / "defaults.json").read_text())["train_rules"]:
        where = " and ".join(f"`{name}={'` or `'.join(values)}`" for name, values in row["when"].items())
        shown = [f"`{name}` {json.dumps(value)}" for name, value in row["defaults"].items()]
        assert f"| {where} | {', '.join(shown)} |" in page
