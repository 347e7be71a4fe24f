"""LoHa, LoKr and DoRA of other programs: folded in, each layer has the weight that peft merges, or the file is refused."""

from __future__ import annotations

import copy
from pathlib import Path

import peft
import pytest
import torch
from base import current
from export.names import lora_name
from mixture import mix
from opening import open_weights
from safetensors.torch import save_file

from runner import Failure

# A linear layer that is square, one that is not, a convolution, and one of a single pixel.
LAYERS = [
    "mid_block.attentions.0.transformer_blocks.0.attn1.to_q",
    "mid_block.attentions.0.transformer_blocks.0.ff.net.2",
    "down_blocks.0.resnets.0.conv1",
    "up_blocks.0.resnets.0.conv_shortcut",
]
RANK = 2
KINDS = {
    "LoHa": lambda alpha: peft.LoHaConfig(r=RANK, alpha=alpha, target_modules=LAYERS, init_weights=False),
    "LoKr": lambda alpha: peft.LoKrConfig(r=RANK, alpha=alpha, target_modules=LAYERS, init_weights=False),
    "LoKr, both sides of a rank": lambda alpha: peft.LoKrConfig(
        r=RANK, alpha=alpha, target_modules=LAYERS, init_weights=False, decompose_both=True, decompose_factor=12
    ),
    # What has no rank counts as it is: LyCORIS' files have some alpha beside it.
    "LoKr, no side of a rank": lambda _alpha: peft.LoKrConfig(
        r=96, alpha=96, target_modules=LAYERS, init_weights=False
    ),
    "DoRA": lambda alpha: peft.LoraConfig(
        r=RANK, lora_alpha=alpha, target_modules=LAYERS, init_lora_weights=False, use_dora=True
    ),
}
Made = tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]


def make(kind: str, alpha: float) -> Made:
    """As peft makes and saves it, with numbers drawn at random; and the weights that it merges."""
    torch.manual_seed(0)
    model = peft.get_peft_model(copy.deepcopy(current().unet), KINDS[kind](alpha))
    for name, one in model.named_parameters():
        if "magnitude" in name:
            one.data *= torch.rand_like(one) + 0.5
    tensors = {key: one.clone() for key, one in peft.get_peft_model_state_dict(model).items()}
    merged = model.merge_and_unload()
    return tensors, {layer: merged.get_submodule(layer).weight.detach() for layer in LAYERS}


def as_kohyas(tensors: dict[str, torch.Tensor], alpha: float) -> dict[str, torch.Tensor]:
    """The same as LyCORIS and kohya's trainer write it: other names, and the alphas in the file."""
    ends = {
        "lora_A.weight": "lora_down.weight",
        "lora_B.weight": "lora_up.weight",
        "lora_magnitude_vector": "dora_scale",
    }
    written = {}
    for layer in LAYERS:
        name, own = lora_name(layer, current().unet.config), f"base_model.model.{layer}."
        for key in [key for key in tensors if key.startswith(own)]:
            end = key.removeprefix(own)
            one = tensors[key]
            written[f"{name}.{ends.get(end, end)}"] = one.view(-1, 1) if "magnitude" in end else one
        written[f"{name}.alpha"] = torch.tensor(alpha)
    return written


def folded(path: Path, scale: float = 1.0) -> dict[str, torch.Tensor]:
    base = current()
    with mix([(open_weights(base, path), scale)]).on(base):
        return {layer: base.foldable_layers[layer].weight.detach().clone() for layer in LAYERS}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("writer", ["peft", "kohya"])
def test_each_layer_has_the_weight_that_peft_merges(tmp_path: Path, kind: str, writer: str):
    alpha = RANK if writer == "peft" else 1.5
    tensors, merged = make(kind, alpha)
    save_file(tensors if writer == "peft" else as_kohyas(tensors, alpha), tmp_path / "a.safetensors")
    own = {layer: current().foldable_layers[layer].weight.detach() for layer in LAYERS}
    for layer, weight in folded(tmp_path / "a.safetensors").items():
        torch.testing.assert_close(weight, merged[layer], atol=1e-5, rtol=1e-4)
        assert (weight - own[layer]).abs().max() > 1e-3
    for layer, weight in folded(tmp_path / "a.safetensors", 0.5).items():
        torch.testing.assert_close(weight, (own[layer] + merged[layer]) / 2, atol=1e-5, rtol=1e-4)


def test_lengths_may_be_of_inputs(tmp_path: Path):
    tensors = as_kohyas(make("DoRA", 2)[0], 2)
    for layer in LAYERS:
        inputs = current().foldable_layers[layer].weight.shape[1]
        ones = torch.arange(1, inputs + 1.0)
        tensors[f"{lora_name(layer, current().unet.config)}.dora_scale"] = ones.view(1, -1)
    save_file(tensors, tmp_path / "a.safetensors")
    for weight in folded(tmp_path / "a.safetensors").values():
        lengths = weight.transpose(0, 1).flatten(1).norm(dim=1)
        torch.testing.assert_close(lengths, torch.arange(1, len(lengths) + 1.0), atol=1e-3, rtol=1e-4)


@pytest.mark.parametrize(
    ("kind", "end", "changed", "said"),
    [
        ("LoHa", "hada_w2_b", None, "the parts of its layer do not go together"),
        ("LoHa", "hada_w2_b", torch.zeros(RANK, 7), "the parts of its layer do not go together"),
        ("LoHa", "hada_w1_a", torch.zeros(8, RANK), "the parts of its layer do not go together"),
        ("LoKr", "lokr_w1", torch.zeros(3, 5), "it is not 192 × 192, as the base's is. Take a LoRA for this base"),
        ("LoKr", "lokr_w1", None, "the parts of its layer do not go together"),
        ("LoKr", "lokr_w1", torch.full((12, 12), torch.inf), "hold numbers that are none"),
        ("DoRA", "lora_B.weight", None, "the other half of the pair is not there"),
    ],
)
def test_what_does_not_fit_is_refused_by_its_first_key(
    tmp_path: Path, kind: str, end: str, changed: torch.Tensor | None, said: str
):
    tensors, _ = make(kind, RANK)
    key = f"base_model.model.{LAYERS[0]}.{end}"
    del tensors[key]
    if changed is not None:
        tensors[key] = changed
    save_file(tensors, tmp_path / "a.safetensors")
    with pytest.raises(Failure, match=f"{LAYERS[0]}.* does not fit: ") as failure:
        open_weights(current(), tmp_path / "a.safetensors")
    assert said in failure.value.message
