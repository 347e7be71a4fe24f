"""Each technique on the demo's images with no other input than `technique`: what moves, what does not, and what is saved."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
import torch
from adapter import Adapter, fold
from base import current
from conftest import DEMO_ZIP, Called, Functions, fingerprint, make_zip, members
from export.bundle import export_weights
from export.names import lora_name
from mixture import mix
from safetensors import safe_open
from safetensors.torch import load, load_file
from weights import Weights, read_weights, write_weights
from words import Words

from runner import Failure

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
def two_concepts(tmp_path_factory) -> dict:
    """A textual inversion of four images whose captions name one of two words each."""
    with zipfile.ZipFile(DEMO_ZIP) as archive:
        names = sorted(name for name in archive.namelist() if name.endswith(".png"))[:4]
        rows = [f"an emoji of {'TOK' if place % 2 else 'HAT'},{name}" for place, name in enumerate(names)]
        table = "\n".join(["caption,image_file", *rows]).encode()
        files = {name: archive.read(name) for name in names} | {"caption.csv": table}
    path = make_zip(tmp_path_factory.mktemp("two") / "two.zip", files)
    return {"input_images": path, "technique": "textual_inversion", "token_string": "TOK,HAT"}


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


def test_several_concepts_have_words_of_their_own(functions: Functions, two_concepts: dict):
    made = functions.train(**two_concepts, num_vectors=3, ti_lr=0.1).result
    assert json.loads(members(made)["special_params.json"]) == {"TOK": "<s0><s1><s2>", "HAT": "<s3><s4><s5>"}
    weights = read_weights(made)
    assert weights.card["token_strings"] == ["TOK", "HAT"]
    assert weights.card["trigger"] == {"present": 4, "total": 4, "each": {"TOK": 2, "HAT": 2}}
    assert [len(rows) for rows in weights.words.rows] == [6, 6]
    pictures = {drawn(functions, made, f"an emoji of {thing}") for thing in ("a fox", "TOK", "HAT", "TOK in a HAT")}
    assert len(pictures) == 4


def test_several_concepts_start_from_the_same_words(functions: Functions, two_concepts: dict):
    made = functions.train(
        **two_concepts, max_train_steps=1, ti_lr=1e-9, num_vectors=2, initial_word="teddy bear"
    ).result
    for rows, own in zip(read_weights(made).words.rows, current().look_up("teddy bear", 2), strict=True):
        assert torch.cosine_similarity(rows, own.repeat(2, 1)).min() > 0.95


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
