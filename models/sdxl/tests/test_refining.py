"""Refining: by the base itself, and by a refiner as SDXL's is made: one text encoder, and scores in place of sizes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from base import Base, current
from conftest import ROOT, Called, Functions
from PIL import Image
from refining import SETTING, find_refiner

from runner import Failure

FOX = {"prompt": "an emoji of a fox", "num_inference_steps": 10, "seed": 1}
EMOJI = ROOT / "bases" / "emoji"


@pytest.fixture(scope="module")
def refiner_folder(tmp_path_factory) -> Path:
    """A refiner for the embedded base's latents, with numbers drawn at random."""
    from diffusers import UNet2DConditionModel

    folder = tmp_path_factory.mktemp("bases") / "refiner"
    for part in ("scheduler", "text_encoder_2", "tokenizer_2"):
        shutil.copytree(EMOJI / part, folder / part)
    index = json.loads((EMOJI / "model_index.json").read_text())
    index |= {"text_encoder": [None, None], "tokenizer": [None, None], "requires_aesthetics_score": True}
    (folder / "model_index.json").write_text(json.dumps(index | {"force_zeros_for_empty_prompt": False}))
    config = dict(UNet2DConditionModel.load_config(EMOJI / "unet"))
    config |= {"cross_attention_dim": 192, "projection_class_embeddings_input_dim": 192 + 5 * 32}
    torch.manual_seed(0)
    UNet2DConditionModel.from_config(config).save_pretrained(folder / "unet")
    return folder


def pixels(called: Called) -> np.ndarray:
    return np.asarray(Image.open(called.result[0]), dtype=int)


def test_the_base_as_its_own_refiner_goes_on_where_it_was(functions: Functions):
    """With a scheduler that remembers no earlier step, an ensemble of two equal experts is one of them."""
    predictor = functions.predictor()
    alone = pixels(functions.draw(predictor, **FOX))
    ensemble = functions.draw(predictor, **FOX, refine="expert_ensemble_refiner", high_noise_frac=0.6)
    assert "no refiner for this base" in ensemble.log
    assert np.abs(pixels(ensemble) - alone).max() <= 2
    over = pixels(functions.draw(predictor, **FOX, refine="base_image_refiner"))
    assert (
        0.5
        < np.abs(over - alone).mean()
        < np.abs(pixels(functions.draw(predictor, **FOX | {"seed": 2})) - alone).mean()
    )


def test_steps_of_both_are_counted(functions: Functions):
    predictor = functions.predictor()
    assert " 10/10 " in functions.draw(predictor, **FOX, refine="expert_ensemble_refiner").log
    assert " 12/12 " in functions.draw(predictor, **FOX, refine="base_image_refiner", refine_steps=9).log


def test_a_share_of_one_leaves_nothing_to_the_refiner_and_zero_all(
    functions: Functions, refiner_folder: Path, monkeypatch
):
    monkeypatch.setenv(SETTING, str(refiner_folder))
    predictor = functions.predictor()
    alone = pixels(functions.draw(predictor, **FOX))
    shares = {
        share: pixels(functions.draw(predictor, **FOX, refine="expert_ensemble_refiner", high_noise_frac=share))
        for share in (0, 0.8, 1)
    }
    assert (shares[1] == alone).all()
    assert (shares[0.8] != alone).any() and (shares[0] != shares[0.8]).any()


def test_a_refiner_draws_as_in_diffusers(functions: Functions, refiner_folder: Path, tmp_path: Path, monkeypatch):
    from diffusers import AutoencoderKL, StableDiffusionXLImg2ImgPipeline

    monkeypatch.setenv(SETTING, str(refiner_folder))
    functions.draw(functions.predictor(), **FOX, refine="expert_ensemble_refiner")
    refiner = find_refiner(current())
    assert refiner.vae is current().vae
    settings = {"num_inference_steps": 10, "denoising_start": 0.8, "guidance_scale": 5.0}
    latents = torch.randn(1, 8, 16, 16, generator=torch.Generator().manual_seed(0))
    pipeline = StableDiffusionXLImg2ImgPipeline.from_pretrained(
        refiner_folder,
        vae=AutoencoderKL.from_pretrained(EMOJI / "vae"),
        text_encoder=None,
        tokenizer=None,
        torch_dtype=torch.float32,
    )
    theirs = pipeline(
        "a fox", image=latents.new_zeros(1, 3, 128, 128), latents=latents, output_type="latent", **settings
    )
    assert torch.allclose(refine(refiner, latents), theirs.images, atol=1e-4)


def refine(refiner: Base, latents: torch.Tensor) -> torch.Tensor:
    from sampling import Steps, Told, denoise

    told = Told(refiner.encode_text("a fox", None, (128, 128)), refiner.encode_negative("", None, (128, 128)), 5.0)
    steps = Steps("K_EULER", refiner.scheduler.config, 10, refiner.device).after(0.8)
    return denoise(refiner, steps, told, latents.shape[1:], [torch.Generator()], lambda: None, under_way=latents)


def test_a_folder_without_a_refiner_is_named(functions: Functions, tmp_path: Path, monkeypatch):
    monkeypatch.setenv(SETTING, str(tmp_path))
    with pytest.raises(Failure, match=f"^{SETTING}: .* holds no refiner"):
        functions.draw(functions.predictor(), **FOX, refine="base_image_refiner")


@pytest.mark.parametrize("steps", [0, -3, 501])
def test_refine_steps_out_of_bounds_are_refused(functions: Functions, steps: int):
    with pytest.raises(Failure, match="^refine_steps: "):
        functions.draw(functions.predictor(), **FOX, refine="base_image_refiner", refine_steps=steps)
