"""SDXL's own quirks, on a twin of the embedded base that has them: without it they would go untested."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from base import Base, current
from conftest import ROOT, Functions
from weights import read_weights
from words import Words, rows_of


def edit(path: Path, **changes) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


@pytest.fixture(scope="module")
def twin_folder(tmp_path_factory) -> Path:
    """eos_token_id 2 as in SDXL's configs, another padding in tokenizer 2, v-prediction, no zeros for an empty prompt."""
    folder = tmp_path_factory.mktemp("bases") / "twin"
    shutil.copytree(ROOT / "bases" / "emoji", folder, ignore=shutil.ignore_patterns("clipseg"))
    for encoder in ("text_encoder", "text_encoder_2"):
        edit(folder / encoder / "config.json", eos_token_id=2)
    edit(folder / "tokenizer_2" / "tokenizer_config.json", pad_token="!")
    edit(folder / "scheduler" / "scheduler_config.json", prediction_type="v_prediction")
    edit(folder / "model_index.json", force_zeros_for_empty_prompt=False)
    return folder


@pytest.fixture(scope="module")
def emoji() -> Base:
    return Base(ROOT / "bases" / "emoji", torch.device("cpu"))


@pytest.fixture(scope="module")
def twin(twin_folder: Path) -> Base:
    return Base(twin_folder, torch.device("cpu"))


def random_words(base: Base) -> Words:
    return Words(rows_of(["TOK"], 2), [torch.randn(2, table.shape[1]) * table.std() for table in base.token_tables()])


@torch.no_grad()
def test_the_pooled_text_is_taken_at_its_end(emoji: Base, twin: Base):
    """What follows the end of a text cannot reach it, so neither the padding nor the config may change what is pooled."""
    words, prompt, size = random_words(emoji), "a TOK emoji of a fox", (128, 128)
    right = emoji.encode_text(prompt, words, size).pooled
    torch.testing.assert_close(twin.encode_text(prompt, words, size).pooled, right)
    encoder, tokenizer = emoji.text_encoders[1], emoji.tokenizers[1]
    ids = emoji.tokenize([prompt], words.meanings).ids[1]
    encoder.resize_token_embeddings(len(tokenizer) + 2, mean_resizing=False)
    try:
        encoder.get_input_embeddings().weight[-2:] = words.rows[1]
        torch.testing.assert_close(encoder(ids).text_embeds, right)
        encoder.text_model.eos_token_id = 2  # the shortcut of older encoders: wrong once numbers exceed the end's
        assert not torch.allclose(encoder(ids).text_embeds, right, atol=0.01)
    finally:
        encoder.text_model.eos_token_id = encoder.config.eos_token_id
        encoder.resize_token_embeddings(len(tokenizer), mean_resizing=False)


def test_each_tokenizer_pads_in_its_own_way(twin: Base):
    first, second = twin.tokenize(["a fox"], {}).ids
    assert first[0, -1] == twin.tokenizers[0].eos_token_id
    assert second[0, -1] == twin.tokenizers[1].convert_tokens_to_ids("!")
    assert second[0, -1] != first[0, -1]


def test_an_empty_negative_prompt_is_read_where_the_base_was_trained_so(emoji: Base, twin: Base):
    assert emoji.encode_negative("", None, (128, 128)).context.abs().sum() == 0
    assert twin.encode_negative("", None, (128, 128)).context.abs().sum() > 0
    assert emoji.encode_negative("a fox", None, (128, 128)).context.abs().sum() > 0


def test_it_trains_and_draws(functions: Functions, twin_folder: Path, on_base):
    on_base(twin_folder)
    assert current().objective(snr_gamma=5).prediction == "v_prediction"
    made = functions.train(max_train_steps=2).result
    assert read_weights(made).card["base"]["name"] == "twin"
    functions.draw(functions.predictor(made), prompt="a TOK emoji of a fox")
