"""DreamBooth: a whole UNet that was trained, its class images, and that it is drawn with in the base's place and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from base import current
from conftest import Called, Functions, fingerprint, members
from export.bundle import export_weights
from export.names import unet_name
from safetensors.torch import load, load_file
from weights import Weights, read_weights, write_weights
from whole import Whole

from runner import Failure

GIVEN = {"technique": "dreambooth", "num_class_images": 3, "unet_learning_rate": 0.001, "train_text_encoder": False}
WITH_ENCODERS = GIVEN | {"train_text_encoder": True}
PROMPT = "an emoji of a fox"


@pytest.fixture(scope="module")
def dreamt(functions: Functions) -> Called:
    return functions.train(**GIVEN)


def draw(functions: Functions, predictor) -> bytes:
    return Path(functions.draw(predictor, prompt=PROMPT).result[0]).read_bytes()


def stored(name: str = "unet") -> dict[str, torch.Tensor]:
    return current().stored_weights(name)


def test_every_weight_of_the_unet_moved_and_all_are_saved(dreamt: Called):
    saved = load(members(dreamt.result)["unet.safetensors"])
    assert saved.keys() == dict(current().unet.named_parameters()).keys()
    assert {tensor.dtype for tensor in saved.values()} == {torch.float16}
    still = [name for name, before in stored().items() if torch.equal(saved[name].float(), before)]
    assert still == []
    card = read_weights(dreamt.result).card
    assert card["replaces_base"] is True
    assert card["change"].keys() == {"unet"}


def test_text_encoders_only_where_asked_for(functions: Functions, dreamt: Called):
    assert "text_encoder.safetensors" not in members(dreamt.result)
    before = fingerprint()
    made = functions.train(**WITH_ENCODERS).result
    assert fingerprint() == before
    files = members(made)
    assert read_weights(made).card["change"].keys() == {"unet", "text_encoders"}
    last = f"layers.{current().text_encoders[0].config.num_hidden_layers - 1}."
    for name in ("text_encoder", "text_encoder_2"):
        saved, before_it = load(files[f"{name}.safetensors"]), stored(name)
        still = [key for key, tensor in before_it.items() if torch.equal(saved[key].float(), tensor)]
        # Of the first encoder the last layer is never heard.
        assert all(last in key or "final_layer_norm" in key for key in still), still
        assert (not still) == (name == "text_encoder_2")


def test_it_is_drawn_in_the_bases_place_and_the_base_comes_back(functions: Functions, dreamt: Called, trained: Called):
    base = draw(functions, functions.predictor())
    predictor = functions.predictor(dreamt.result)
    own = draw(functions, predictor)
    assert own != base
    predictor.switch(None)
    assert draw(functions, predictor) == base
    predictor.switch(trained.result)
    lora = draw(functions, predictor)
    predictor.switch(dreamt.result)
    assert draw(functions, predictor) == own
    assert lora not in (own, base)


def test_what_is_drawn_is_what_was_trained(functions: Functions, dreamt: Called):
    """The file's half precision costs next to nothing."""
    base = current()
    whole = read_weights(dreamt.result).whole.to(base.device, base.dtype)
    told = base.encode_text(PROMPT, None, (64, 64))
    noisy, t = torch.randn(1, 8, 8, 8, generator=torch.Generator().manual_seed(0)), torch.tensor([500])
    with torch.no_grad():
        before = base.predict(noisy, t, told)
        with whole.in_place(base.networks()):
            after = base.predict(noisy, t, told)
        assert torch.equal(base.predict(noisy, t, told), before)
    assert not torch.allclose(after, before, atol=1e-2)


def test_the_base_stays_what_it_was_when_a_training_is_broken_off(functions: Functions, monkeypatch):
    before = fingerprint()
    monkeypatch.setattr("training.fit", lambda *_: (_ for _ in ()).throw(RuntimeError("broken off")))
    with pytest.raises(RuntimeError, match="broken off"):
        functions.train(**GIVEN)
    assert fingerprint() == before
    assert "forward" not in current().unet.__dict__


def test_a_part_of_a_unet_leaves_the_rest_the_bases(functions: Functions, dreamt: Called, tmp_path: Path):
    """cog-sdxl leaves norms and time out of its file."""
    weights = read_weights(dreamt.result)
    kept = {
        name: one.bfloat16()
        for name, one in weights.whole.networks["unet"].items()
        if "norm" not in name and "time" not in name
    }
    write_weights(tmp_path / "part.tar", Weights(None, None, {}, Whole({"unet": kept})))
    part = draw(functions, functions.predictor(tmp_path / "part.tar"))
    assert part not in (draw(functions, functions.predictor(dreamt.result)), draw(functions, functions.predictor()))


def test_a_unet_of_another_base_is_refused(functions: Functions, tmp_path: Path):
    other = Whole({"unet": {"conv_in.weight": torch.zeros(320, 4, 3, 3)}})
    write_weights(tmp_path / "other.tar", Weights(None, None, {}, other))
    with pytest.raises(Failure, match=r"trained on another base: unet\.conv_in\.weight does not fit"):
        functions.predictor(tmp_path / "other.tar")


def test_class_images_are_drawn_once_and_of_what_the_captions_say(functions: Functions, dreamt: Called):
    again = functions.train(**GIVEN)
    assert again.result.read_bytes() == dreamt.result.read_bytes()
    assert "3 class images, 0 of them drawn now: an emoji of an alarm clock, an emoji of a birthday cake" in again.log
    other = functions.train(**GIVEN, class_prompt="an emoji of a bear", max_train_steps=1)
    assert "3 class images, 3 of them drawn now: an emoji of a bear" in other.log


def test_without_a_weight_there_are_no_class_images(functions: Functions, dreamt: Called):
    without = functions.train(**GIVEN, prior_loss_weight=0)
    assert "class images" not in without.log
    assert members(without.result)["unet.safetensors"] != members(dreamt.result)["unet.safetensors"]


def test_other_programs_get_a_checkpoint_of_it(functions: Functions, tmp_path: Path):
    made = functions.train(**WITH_ENCODERS, max_train_steps=1).result
    export_weights(made, current().folder, "checkpoint", tmp_path, "toy")
    checkpoint, own = load_file(tmp_path / "toy.safetensors"), read_weights(made).whole.networks
    for name, weight in own["unet"].items():
        there = checkpoint[f"model.diffusion_model.{unet_name(name, current().unet.config)}"]
        assert torch.equal(there, weight)
    first = "encoder.layers.0.mlp.fc1.weight"
    assert torch.equal(
        checkpoint[f"conditioner.embedders.0.transformer.text_model.{first}"], own["text_encoder"][first]
    )
    second = own["text_encoder_2"]["text_projection.weight"]
    assert torch.equal(checkpoint["conditioner.embedders.1.model.text_projection"], second.t())
    export_weights(made, current().folder, "diffusers", tmp_path / "folder", "toy")
    encoder = load_file(tmp_path / "folder" / "text_encoder" / "model.safetensors")
    assert torch.equal(encoder[next(name for name in encoder if name.endswith(first))], own["text_encoder"][first])
    with pytest.raises(Failure, match="kohya is a format of LoRAs; ask for checkpoint"):
        export_weights(made, current().folder, "kohya", tmp_path, "toy")


def test_is_lora_false_alone_means_dreambooth(functions: Functions):
    made = functions.train(is_lora=False, max_train_steps=1, num_class_images=1).result
    card = read_weights(made).card
    assert card["technique"] == "dreambooth"
    assert card["settings"]["prior_loss_weight"] == 1


def test_float32_weights_train_in_a_network_of_half_precision():
    """As on a GPU: the base computes in bfloat16, an optimizer moves float32 numbers in its place."""
    from diffusers import UNet2DConditionModel

    unet = UNet2DConditionModel.from_pretrained(current().folder / "unet", dtype=torch.bfloat16).requires_grad_(False)
    whole = Whole.trainable({"unet": stored()})
    noisy, told = torch.randn(1, 8, 8, 8, dtype=torch.bfloat16), torch.randn(1, 77, 320, dtype=torch.bfloat16)
    context = current().encode_text(PROMPT, None, (64, 64))
    added = {"text_embeds": context.pooled, "time_ids": context.sizes}
    unet.enable_gradient_checkpointing()
    with whole.in_place({"unet": unet}):
        out = unet(noisy, torch.tensor([500]), context.context.to(told.dtype), added_cond_kwargs=added).sample
        assert out.dtype == torch.bfloat16
        out.float().square().mean().backward()
    assert all(one.grad is not None and one.grad.dtype == torch.float32 for one in whole.parameters("unet"))
    assert next(unet.parameters()).dtype == torch.bfloat16
    assert "forward" not in unet.__dict__
