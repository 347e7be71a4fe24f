"""`train` as a plain function: what moves, what is saved, and what comes out equal."""

from __future__ import annotations

import json

import pytest
import torch
from base import current
from conftest import ROOT, Called, Functions, fingerprint, members
from replicate.prediction import Prediction
from safetensors.torch import load
from weights import read_weights

import runner
from runner import Failure
from runner.report import Nobody, listen


def test_the_tar_holds_cog_sdxls_files(trained: Called):
    files = members(trained.result)
    assert files.keys() == {"lora.safetensors", "embeddings.pti", "special_params.json", "model_card.json"}
    lora = load(files["lora.safetensors"])
    one = "down_blocks.1.attentions.0.transformer_blocks.0.attn1.processor.to_{}_lora.{}.weight"
    assert {
        one.format(projection, side) for projection in ("q", "k", "v", "out") for side in ("down", "up")
    } <= lora.keys()
    assert len(lora) == 2 * 4 * len(
        [name for name, _ in current().unet.named_modules() if name.endswith((".attn1", ".attn2"))]
    )
    assert {tensor.dtype for tensor in lora.values()} == {torch.float32}
    assert lora[one.format("q", "down")].shape == (16, 128)
    rows = load(files["embeddings.pti"])
    assert {name: tuple(tensor.shape) for name, tensor in rows.items()} == {
        "text_encoders_0": (2, 128),
        "text_encoders_1": (2, 192),
    }
    assert json.loads(files["special_params.json"]) == {"TOK": "<s0><s1>"}


def test_the_card_says_how_it_was_made(trained: Called):
    card = read_weights(trained.result).card
    assert card["technique"] == "pivotal"
    assert card["base"]["name"] == "emoji"
    assert len(card["base"]["sha256"]) == 64
    assert card["settings"]["seed"] == 0
    assert card["steps"] == 4
    assert [step for step, _ in card["loss"]] == [1, 2, 3, 4]
    assert card["images"][0]["caption"] == "a TOK emoji of an alarm clock"
    assert card["defaults"] == {"prompt": "a TOK emoji of an alarm clock", "lora_scale": 1}
    assert card["libraries"]["torch"]
    assert card["change"]["lora"] > 0
    assert card["change"]["words"] > 0


def test_only_the_new_rows_and_the_lora_move(functions: Functions, trained: Called):
    before = fingerprint()
    made = read_weights(functions.train(seed=5).result)
    assert fingerprint() == before
    base = current()
    assert not any("forward" in layer.__dict__ for layer in base.adapter_targets().values())
    assert not any(encoder.get_input_embeddings()._forward_hooks for encoder in base.text_encoders)
    networks = (base.unet, base.vae, *base.text_encoders)
    assert not any(parameter.requires_grad for network in networks for parameter in network.parameters())
    assert all(up.abs().sum() > 0 for _, up in made.adapter.pairs.values())


def test_words_rest_after_half_of_the_steps(functions: Functions, trained: Called):
    class StopAfterTwo(Nobody):
        def turn(self, step: int) -> bool:
            return step == 2

    listen(StopAfterTwo())
    try:
        kept = functions.train().result
    finally:
        listen(Nobody())
    early, late = members(kept), members(trained.result)
    assert json.loads(early["model_card.json"])["steps"] == 2
    assert early["embeddings.pti"] == late["embeddings.pti"]
    assert early["lora.safetensors"] != late["lora.safetensors"]


def test_a_seed_gives_the_same_bytes_and_zero_is_a_seed(functions: Functions, trained: Called):
    assert trained.result.read_bytes() == functions.train().result.read_bytes()
    assert members(functions.train(seed=1).result)["lora.safetensors"] != members(trained.result)["lora.safetensors"]
    drawn = functions.train(seed=None, max_train_steps=1).log
    assert "Using seed: " in drawn
    assert "Using seed: 0\n" not in drawn
    assert "Using seed: 0\n" in trained.log


def test_the_resolution_is_the_one_asked_for(functions: Functions, trained: Called):
    seen = []

    def look(_module, inputs, options):
        seen.append((tuple(inputs[0].shape[2:]), options["added_cond_kwargs"]["time_ids"].unique().tolist()))

    handle = current().unet.register_forward_pre_hook(look, with_kwargs=True)
    try:
        functions.train(resolution=96, max_train_steps=1)
    finally:
        handle.remove()
    # The demo's images are 256 pixels wide, and the network is told so.
    assert seen == [((12, 12), [0.0, 96.0, 256.0])]


def test_replicates_client_reads_the_progress(trained: Called):
    progress = Prediction.Progress.parse(trained.log)
    assert (progress.current, progress.total, progress.percentage) == (4, 4, 1.0)
    halfway = Prediction.Progress.parse(trained.log.split(" 75%|")[0])
    assert (halfway.current, halfway.percentage) == (2, 0.5)


def test_a_base_that_is_missing_is_named(functions: Functions, on_base):
    on_base(ROOT / "bases" / "sdxl")
    with pytest.raises(Failure, match="EASEL_SDXL_BASE") as failure:
        functions.train()
    assert failure.value.code == "base_missing"


@pytest.mark.parametrize(
    ("given", "field"), [({"resolution": 100}, "resolution"), ({"token_string": " "}, "token_string")]
)
def test_values_that_cannot_work_are_refused_by_name(functions: Functions, given: dict, field: str):
    with pytest.raises(Failure, match=f"^{field}: "):
        functions.train(**given)


def test_another_word(functions: Functions):
    made = read_weights(functions.train(token_string="my (odd) wörd", max_train_steps=2).result)
    assert list(made.words.meanings) == ["my (odd) wörd"]
    assert made.card["images"][0]["caption"].startswith("my (odd) wörd a TOK emoji of")


def test_words_start_from_the_initial_word(functions: Functions):
    still = {"max_train_steps": 1, "ti_lr": 1e-9}
    near = read_weights(functions.train(initial_word="style", **still).result).words.rows
    for rows, own in zip(near, current().look_up("style", 2), strict=True):
        assert torch.cosine_similarity(rows, own).min() > 0.95
        assert not torch.equal(rows[0], rows[1])
    noise = read_weights(functions.train(initial_word=None, **still).result).words.rows
    for rows, own, table in zip(noise, current().look_up("style", 2), current().token_tables(), strict=True):
        assert torch.cosine_similarity(rows, own).max() < 0.5
        assert rows.std().item() == pytest.approx(table.std().item(), rel=0.3)


def test_as_many_words_as_tokens_are_a_start_for_each_and_others_share_their_middle():
    one, two = ([rows[0] for rows in current().look_up(word, 1)] for word in ("teddy", "bear"))
    for rows, first, second in zip(current().look_up("teddy bear", 2), one, two, strict=True):
        assert torch.equal(rows, torch.stack([first, second]))
    for rows, first, second in zip(current().look_up("teddy bear", 3), one, two, strict=True):
        assert torch.equal(rows, ((first + second) / 2).expand(3, -1))
    assert current().look_up("", 2) == [None, None]


def test_canceled_between_steps(functions: Functions):
    class CancelAtTwo(Nobody):
        def turn(self, step: int) -> bool:
            if step == 2:
                raise runner.Canceled
            return False

    before = fingerprint()
    listen(CancelAtTwo())
    try:
        with pytest.raises(runner.Canceled):
            functions.train()
    finally:
        listen(Nobody())
    assert fingerprint() == before
    assert not any("forward" in module.__dict__ for module in current().adapter_targets().values())
