"""Weights that other programs made: the same picture as from our own tar, or a refusal that names what does not fit."""

from __future__ import annotations

import io
import pickle
import tarfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import test_export_sdxl
import torch
from adapter import Adapter
from base import current
from conftest import ROOT, Called, Functions, members
from export.bundle import export_weights
from export.names import lora_name
from foreign.layers import names_elsewhere
from opening import Shelf, open_weights
from PIL import Image
from predict import Lora
from safetensors.torch import load, load_file, save_file
from weights import read_weights, write_weights

from runner import Failure

unet = test_export_sdxl.unet

EMOJI = ROOT / "bases" / "emoji"
FOX = {"prompt": "a TOK emoji of a fox", "num_inference_steps": 4, "seed": 1}
STRONGER = 40


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("foreign")


@pytest.fixture(scope="module")
def strong(trained: Called, folder: Path) -> Path:
    """The short training's weights with their small change made large, so that what is read wrong shows."""
    weights = read_weights(trained.result)
    pairs = {name: (down, up * STRONGER) for name, (down, up) in weights.adapter.pairs.items()}
    write_weights(folder / "toy.tar", replace(weights, adapter=Adapter(pairs)))
    return folder / "toy.tar"


@pytest.fixture(scope="module")
def own_picture(functions: Functions, strong: Path) -> np.ndarray:
    return pixels(functions.draw(functions.predictor(strong), **FOX))


@pytest.fixture(scope="module")
def files(strong: Path, folder: Path) -> dict[str, Path]:
    """The LoRA and its word as other programs keep them."""
    for file_format in ("kohya", "diffusers"):
        export_weights(strong, EMOJI, file_format, folder / file_format, "toy")
    old = load(members(strong)["lora.safetensors"])
    save_file(old, folder / "processors.safetensors")
    peft = load_file(folder / "diffusers" / "pytorch_lora_weights.safetensors")
    save_file(
        {f"base_model.model.{key.removeprefix('unet.')}": one for key, one in peft.items()}, folder / "peft.safetensors"
    )
    return {
        "kohya": folder / "kohya" / "toy.safetensors",
        "diffusers": folder / "diffusers" / "pytorch_lora_weights.safetensors",
        "peft": folder / "peft.safetensors",
        "old processors": folder / "processors.safetensors",
        "embedding": folder / "kohya" / "embeddings" / "TOK.safetensors",
    }


def pixels(called: Called) -> np.ndarray:
    return np.asarray(Image.open(called.result[0]), dtype=int)


def difference(one: np.ndarray, other: np.ndarray) -> int:
    return int(np.abs(one - other).max())


@pytest.mark.parametrize("kind", ["kohya", "diffusers", "peft", "old processors"])
def test_a_lora_and_an_embedding_draw_what_our_tar_draws(
    functions: Functions, files: dict[str, Path], own_picture: np.ndarray, kind: str
):
    loras = [Lora(url=files[kind]), Lora(url=files["embedding"])]
    assert difference(pixels(functions.draw(functions.predictor(), **FOX, loras=loras)), own_picture) <= 2


def test_a_tar_of_cog_sdxl_draws_the_same_in_place_of_the_models_own(
    functions: Functions, trained: Called, strong: Path, own_picture: np.ndarray, folder: Path
):
    """cog-sdxl's tar has these three members, in a folder or not, and no card. The blank is what its clients send."""
    parts = {f"./{name}": data for name, data in members(strong).items() if name != "model_card.json"}
    cog = make_tar(folder / "cog.tar", parts)
    predictor = functions.predictor(trained.result)
    assert difference(pixels(functions.draw(predictor, **FOX, replicate_weights=str(cog))), own_picture) == 0
    assert difference(pixels(functions.draw(predictor, **FOX, replicate_weights="")), own_picture) > 2


def test_a_scale_counts_and_several_add_up(functions: Functions, files: dict[str, Path], own_picture: np.ndarray):
    predictor = functions.predictor()

    def drawn(*scales: float) -> np.ndarray:
        loras = [Lora(url=files["embedding"]), *(Lora(url=files["kohya"], scale=scale) for scale in scales)]
        return pixels(functions.draw(predictor, **FOX, loras=loras))

    assert difference(drawn(0.5), own_picture) > 10
    assert difference(drawn(0.7, 0.3), own_picture) <= 2
    assert difference(drawn(1, -1), drawn()) <= 2


def test_after_any_mixture_the_base_draws_its_own_bytes(functions: Functions, files: dict[str, Path], strong: Path):
    predictor = functions.predictor()
    before = functions.draw(predictor, **FOX)
    functions.draw(predictor, **FOX, loras=[Lora(url=files["kohya"]), Lora(url=strong, scale=0.3)])
    with pytest.raises(Failure):
        functions.draw(predictor, **FOX, loras=[Lora(url=files["kohya"])], width=7)
    assert Path(functions.draw(predictor, **FOX).result[0]).read_bytes() == Path(before.result[0]).read_bytes()


def test_alphas_ranks_encoders_and_convolutions(functions: Functions, folder: Path):
    """What SDXL's LoRAs have and ours do not: folded in, each layer is changed by alpha / rank times its product."""
    base, layers = current(), current().foldable_layers
    conv = next(name for name, one in layers.items() if "resnets" in name and name.endswith("conv1"))
    linear = next(name for name in layers if name.endswith("attn2.to_k"))
    first = next(name for name in layers if name.startswith("text_encoder.") and name.endswith("q_proj"))
    second = next(name for name in layers if name.startswith("text_encoder_2.") and name.endswith("fc1"))
    names = {
        conv: lora_name(conv, base.unet.config),
        linear: f"lora_unet_{linear}".replace(".", "_"),  # as LCM's LoRA is written
        first: f"lora_te1_text_model_{first.removeprefix('text_encoder.').removeprefix('text_model.')}".replace(
            ".", "_"
        ),
        second: f"lora_te2_text_model_{second.removeprefix('text_encoder_2.').removeprefix('text_model.')}".replace(
            ".", "_"
        ),
    }
    generator, tensors, expected = torch.Generator().manual_seed(0), {}, {}
    for rank, (layer, name) in enumerate(names.items(), start=2):
        weight = layers[layer].weight
        down = torch.randn(rank, *weight.shape[1:], generator=generator)
        up = torch.randn(len(weight), rank, *([1, 1] if weight.dim() == 4 else []), generator=generator)
        tensors |= {f"{name}.lora_down.weight": down, f"{name}.lora_up.weight": up, f"{name}.alpha": torch.tensor(1.5)}
        expected[layer] = weight + 1.5 / rank * (up.flatten(1) @ down.flatten(1)).view_as(weight)
    save_file(tensors, folder / "all.safetensors")
    from mixture import mix

    before = {layer: layers[layer].weight for layer in names}
    with mix([(open_weights(base, folder / "all.safetensors"), 1.0)]).on(base):
        for layer, wanted in expected.items():
            torch.testing.assert_close(layers[layer].weight.data, wanted.data)
    assert all(layers[layer].weight is weight for layer, weight in before.items())


# As they stand in LoRAs that people share: kohya's, LCM's, and ComfyUI's.
SHARED = {
    "lora_unet_input_blocks_4_1_transformer_blocks_0_attn1_to_q": (
        "down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q"
    ),
    "lora_unet_middle_block_1_transformer_blocks_9_ff_net_0_proj": (
        "mid_block.attentions.0.transformer_blocks.9.ff.net.0.proj"
    ),
    "lora_unet_output_blocks_2_2_conv": "up_blocks.0.upsamplers.0.conv",
    "lora_unet_input_blocks_1_0_in_layers_2": "down_blocks.0.resnets.0.conv1",
    "lora_unet_time_embed_0": "time_embedding.linear_1",
    "lora_unet_label_emb_0_0": "add_embedding.linear_1",
    "lora_unet_down_blocks_0_downsamplers_0_conv": "down_blocks.0.downsamplers.0.conv",
    "diffusion_model.output_blocks.3.1.proj_in": "up_blocks.1.attentions.0.proj_in",
    "unet.up_blocks.1.attentions.0.proj_in": "up_blocks.1.attentions.0.proj_in",
}


def test_sdxls_layers_are_found_by_what_they_are_called_elsewhere(unet):
    layers = [name for name, one in unet.named_modules() if isinstance(one, torch.nn.Linear | torch.nn.Conv2d)]
    found = {name: layer for layer in layers for name in names_elsewhere(layer, unet.config)}
    assert {name: found.get(name) for name in SHARED} == SHARED
    # Of five names none is another layer's, though some layers have the same one twice.
    assert all(found[name] == layer for layer in layers for name in names_elsewhere(layer, unet.config))
    assert len(layers) > 700
    first = names_elsewhere("text_encoder.encoder.layers.0.self_attn.q_proj", {})
    assert "lora_te1_text_model_encoder_layers_0_self_attn_q_proj" in first
    second = names_elsewhere("text_encoder_2.text_model.encoder.layers.31.mlp.fc1", {})
    assert "lora_te2_text_model_encoder_layers_31_mlp_fc1" in second


def test_words_of_one_name_are_told_apart_by_a_new_one(functions: Functions, files: dict[str, Path], strong: Path):
    predictor = functions.predictor(strong)
    other = {"prompt": "a CAT emoji of a fox", "num_inference_steps": 2, "seed": 1, "lora_scale": 0}
    said = functions.draw(predictor, **other, loras=[Lora(url=files["embedding"])]).log
    assert "Two of the weights have a word TOK" in said and "The prompt does not use it" in said
    renamed = functions.draw(predictor, **other, loras=[Lora(url=files["embedding"], token_string="CAT")])
    assert "Two of the weights" not in renamed.log
    own = functions.draw(predictor, **{**other, "prompt": "a TOK emoji of a fox"})
    assert difference(pixels(renamed), pixels(own)) <= 2


def test_an_embedding_that_names_no_word_asks_for_one(files: dict[str, Path], folder: Path):
    save_file(load_file(files["embedding"]), folder / "nameless.safetensors")
    with pytest.raises(Failure, match="token_string"):
        open_weights(current(), folder / "nameless.safetensors")
    assert list(open_weights(current(), folder / "nameless.safetensors", "CAT").words.meanings) == ["CAT"]


class Bomb:
    def __reduce__(self):
        return (pytest.fail, ("a pickle was opened",))


@pytest.mark.parametrize("name", ["pickle", "torch", "html", "empty", "cut"])
def test_what_is_no_weights_is_never_opened(files: dict[str, Path], folder: Path, name: str):
    path = folder / f"{name}.safetensors"
    if name == "pickle":
        path.write_bytes(pickle.dumps(Bomb()))
    elif name == "torch":
        torch.save(Bomb(), path)
    else:
        path.write_bytes(
            {"html": b"<html>Log in</html>", "empty": b"", "cut": files["kohya"].read_bytes()[:5000]}[name]
        )
    with pytest.raises(Failure, match=r"\.safetensors") as failure:
        open_weights(current(), path)
    assert failure.value.code == "weights_unusable"


@pytest.mark.parametrize("name", ["../lora.safetensors", "/lora.safetensors", "link"])
def test_a_tar_that_reaches_outside_itself_is_refused(strong: Path, folder: Path, name: str):
    path = folder / "hostile.tar"
    if name == "link":
        with tarfile.open(path, "w") as tar:
            entry = tarfile.TarInfo("lora.safetensors")
            entry.type, entry.linkname = tarfile.SYMTYPE, "/etc/passwd"
            tar.addfile(entry)
    else:
        make_tar(path, {name: members(strong)["lora.safetensors"]})
    with pytest.raises(Failure, match="is no plain file inside it"):
        open_weights(current(), path)


@pytest.mark.parametrize("tokens", ["[]", '{"TOK": "none"}', '{"TOK": "<s0><s9>"}', '{"TOK": 3}', "x"])
def test_a_tar_whose_words_are_wrong_is_refused(strong: Path, folder: Path, tokens: str):
    parts = members(strong) | {"special_params.json": tokens.encode()}
    with pytest.raises(Failure) as failure:
        open_weights(current(), make_tar(folder / "odd.tar", parts))
    assert failure.value.code == "weights_unusable"


def test_the_input_that_does_not_fit_is_named(functions: Functions, folder: Path):
    (folder / "no.bin").write_bytes(b"no")
    predictor = functions.predictor()
    with pytest.raises(Failure, match="^replicate_weights: it is neither"):
        functions.draw(predictor, replicate_weights=folder / "no.bin")
    with pytest.raises(Failure, match=r"^loras\.0: it is neither"):
        functions.draw(predictor, loras=[Lora(url=folder / "no.bin")])
    with pytest.raises(Failure, match="^replicate_weights: there is no file"):
        functions.draw(predictor, replicate_weights="https://example.com/weights.tar")


def test_what_was_used_last_is_at_hand_within_a_bound(strong: Path, trained: Called, files: dict[str, Path]):
    first, second = strong, trained.result
    bytes_of_one = sum(one.nbytes for one in open_weights(current(), first).tensors())
    shelf = Shelf(current(), bytes_max=2 * bytes_of_one + 10)
    opened = shelf.open(first)
    shelf.open(second)
    assert shelf.open(first) is opened
    shelf.open(files["kohya"])
    assert shelf.bytes() <= 2 * bytes_of_one + 10
    assert shelf.open(first) is opened
    narrow = Shelf(current(), bytes_max=0)
    assert narrow.open(first) is narrow.open(first)


def make_tar(path: Path, parts: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w") as tar:
        for name, data in parts.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    return path
