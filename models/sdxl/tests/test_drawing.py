"""`Predictor` as a plain class: the same bytes for the same seed, and no trace of weights that were put in."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from base import current
from conftest import ROOT, Called, Functions
from PIL import Image
from sampling import SCHEDULERS, Steps
from weights import read_weights, write_weights
from words import Words, rows_of

from runner import Failure

SLOWER = {"prompt": "an emoji of a fox", "num_inference_steps": 16, "seed": 3}


@pytest.fixture(scope="module")
def strong(functions: Functions, trained: Called, tmp_path_factory) -> Path:
    """Weights whose effect can be seen after four steps."""
    return functions.train(lora_lr=0.02, ti_lr=0.1).result


def pixels(called: Called, place: int = 0) -> np.ndarray:
    return np.asarray(Image.open(called.result[place]), dtype=int)


def data(called: Called) -> bytes:
    return Path(called.result[0]).read_bytes()


def test_without_weights_it_is_the_bare_pipeline(functions: Functions, tmp_path: Path):
    from diffusers import StableDiffusionXLPipeline

    ours = functions.draw(functions.predictor(), prompt="an emoji of a fox")
    bare = StableDiffusionXLPipeline.from_pretrained(ROOT / "bases" / "emoji", dtype=torch.float32)
    picture = bare(
        "an emoji of a fox", num_inference_steps=2, guidance_scale=4, generator=torch.Generator().manual_seed(1)
    ).images[0]
    picture.save(tmp_path / "bare.png")
    assert data(ours) == (tmp_path / "bare.png").read_bytes()


def test_scale_zero_without_the_word_is_the_base(functions: Functions, strong: Path):
    prompt = "an emoji of a fox"
    base = functions.draw(functions.predictor(), prompt=prompt)
    predictor = functions.predictor(strong)
    assert data(functions.draw(predictor, prompt=prompt, lora_scale=0)) == data(base)
    assert data(functions.draw(predictor, prompt=prompt, lora_scale=1)) != data(base)
    assert data(functions.draw(predictor, prompt="a TOK emoji of a fox", lora_scale=0)) != data(base)


def test_a_switch_leaves_no_trace(functions: Functions, strong: Path, trained: Called):
    prompt = "a TOK emoji of a fox"
    predictor = functions.predictor()
    unet = current().unet
    base = data(functions.draw(predictor, prompt=prompt))
    predictor.switch(strong)
    first = data(functions.draw(predictor, prompt=prompt))
    predictor.switch(trained.result)
    assert data(functions.draw(predictor, prompt=prompt)) not in (base, first)
    predictor.switch(strong)
    assert data(functions.draw(predictor, prompt=prompt)) == first
    predictor.switch(None)
    assert data(functions.draw(predictor, prompt=prompt)) == base
    assert current().unet is unet


def test_a_training_in_the_same_process_leaves_no_trace(functions: Functions):
    predictor = functions.predictor()
    before = data(functions.draw(predictor, prompt="a TOK emoji"))
    functions.train(max_train_steps=2)
    assert data(functions.draw(predictor, prompt="a TOK emoji")) == before


def test_a_prompt_without_the_word_runs_and_says_so(functions: Functions, strong: Path):
    predictor = functions.predictor(strong)
    assert "this model's word is TOK" in functions.draw(predictor, prompt="a tok emoji").log
    assert "this model's word" not in functions.draw(predictor, prompt="a TOK emoji").log


def test_seeds(functions: Functions):
    predictor = functions.predictor()
    zero = functions.draw(predictor, seed=0)
    assert "Using seed: 0\n" in zero.log
    assert data(functions.draw(predictor, seed=0)) == data(zero)
    drawn = functions.draw(predictor, seed=None)
    seed = int(drawn.log.split("Using seed: ")[1].split()[0])
    assert data(functions.draw(predictor, seed=seed)) == data(drawn)


def test_several_pictures_are_those_of_the_next_seeds(functions: Functions):
    predictor = functions.predictor()
    several = functions.draw(predictor, num_outputs=3, seed=7)
    assert [Path(path).name for path in several.result] == ["out-0.png", "out-1.png", "out-2.png"]
    for place in range(3):
        alone = functions.draw(predictor, seed=7 + place)
        assert np.abs(pixels(several, place) - pixels(alone)).max() <= 2


def test_size(functions: Functions):
    assert pixels(functions.draw(functions.predictor(), width=96, height=64)).shape == (64, 96, 3)


@pytest.fixture(scope="module")
def drawn_by_euler(functions: Functions) -> np.ndarray:
    return pixels(functions.draw(functions.predictor(), **SLOWER))


@pytest.mark.parametrize("scheduler", [name for name in SCHEDULERS if name != "K_EULER"])
def test_each_scheduler_draws_what_the_others_draw(functions: Functions, drawn_by_euler: np.ndarray, scheduler: str):
    """All come from the same noise to much the same picture: another seed's is farther. And one step is enough to run."""
    predictor = functions.predictor()
    drawn = pixels(functions.draw(predictor, **SLOWER, scheduler=scheduler))
    assert np.abs(drawn - drawn_by_euler).mean() < 45
    assert drawn[:8, :8].mean() > 200
    small = {"width": 64, "height": 64}
    assert pixels(functions.draw(predictor, scheduler=scheduler, num_inference_steps=1, **small)).std() > 0


@pytest.mark.parametrize("scheduler", ["LCM", "TCD"])
def test_few_step_schedulers_take_many_steps_too(scheduler: str):
    base = current()
    assert [len(Steps(scheduler, base.scheduler.config, count, base.device)) for count in (51, 500)] == [51, 500]


def test_guidance_up_to_one_asks_the_negative_prompt_nothing(functions: Functions):
    predictor = functions.predictor()
    zero, one = (data(functions.draw(predictor, guidance_scale=scale, negative_prompt="a fox")) for scale in (0, 1))
    assert zero == one == data(functions.draw(predictor, guidance_scale=1))
    assert data(functions.draw(predictor, guidance_scale=1.5)) != one


@pytest.mark.parametrize("given", [{"mask": Path("a.png")}, {"width": 100}, {"height": 0}, {"width": 100_000}])
def test_what_cannot_be_meant_is_refused_by_name(functions: Functions, given: dict):
    with pytest.raises(Failure, match=f"^{next(iter(given))}: ") as failure:
        functions.draw(functions.predictor(), **given)
    assert failure.value.code == "input_invalid"


def test_the_end_of_a_long_prompt_counts(functions: Functions):
    predictor = functions.predictor()
    long = "an emoji of a fox, " * 14
    drawn = functions.draw(predictor, prompt=long + "red")
    assert "prompt: it is long, and read in 2 parts" in drawn.log
    assert data(drawn) != data(functions.draw(predictor, prompt=long + "blue"))
    assert data(drawn) != data(functions.draw(predictor, prompt=long + "red", negative_prompt=long))


def test_a_long_prompt_is_read_in_whole_words(functions: Functions):
    base, words = (
        current(),
        Words(rows_of(["TOK"], 2), [torch.zeros(2, table.shape[1]) for table in current().token_tables()]),
    )
    for text in ("a " * 74 + "TOK", "a " * 74 + "strawberries"):
        windows = base._cut(text, words.meanings)[0]
        assert len(windows) == 2 and windows[0][75] == base.tokenizers[0].eos_token_id
    assert [len(window) for window in base._cut("x" * 500, {})[0]] == [77] * base.count_windows("x" * 500, {})
    short, long = base.encode_text("a fox", None, (128, 128)), base.encode_text("a fox", None, (128, 128), windows=2)
    torch.testing.assert_close(long.context[:, :77], short.context)
    torch.testing.assert_close(long.context[:, 77:], base.encode_text("", None, (128, 128)).context)


def test_what_is_no_tar_of_weights_is_refused(functions: Functions, tmp_path: Path):
    (tmp_path / "odd.tar").write_bytes(b"no tar")
    with pytest.raises(Failure) as failure:
        functions.predictor(tmp_path / "odd.tar")
    assert failure.value.code == "weights_unusable"


def test_weights_of_another_base_are_refused(functions: Functions, trained: Called, tmp_path: Path):
    weights = read_weights(trained.result)
    name = next(iter(weights.adapter.pairs))
    weights.adapter.pairs[name] = (torch.zeros(16, 640), torch.zeros(640, 16))
    write_weights(tmp_path / "larger.tar", weights)
    with pytest.raises(Failure, match=f"another base: {name} does not fit") as failure:
        functions.predictor(tmp_path / "larger.tar")
    assert failure.value.code == "weights_unusable"
