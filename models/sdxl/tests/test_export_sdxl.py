"""Export at SDXL's real shapes: names by diffusers' own conversion, and LoRAs of 1 to 6 MB. Weights are random or none."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from adapter import Adapter
from diffusers import StableDiffusionXLPipeline, UNet2DConditionModel
from diffusers.loaders.single_file_utils import convert_ldm_unet_checkpoint
from export.lora import diffusers_lora, kohya_lora
from export.names import unet_name, vae_name
from export.shrink import compare, shrink
from export.tensor_file import count_bytes, held, write_tensors

# Names that stand in SDXL's published checkpoint.
PUBLISHED = {
    "conv_in.weight": "input_blocks.0.0.weight",
    "add_embedding.linear_2.bias": "label_emb.0.2.bias",
    "down_blocks.0.downsamplers.0.conv.weight": "input_blocks.3.0.op.weight",
    "down_blocks.1.resnets.0.conv_shortcut.weight": "input_blocks.4.0.skip_connection.weight",
    "down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q.weight": (
        "input_blocks.4.1.transformer_blocks.0.attn1.to_q.weight"
    ),
    "mid_block.attentions.0.transformer_blocks.9.attn2.to_out.0.bias": (
        "middle_block.1.transformer_blocks.9.attn2.to_out.0.bias"
    ),
    "mid_block.resnets.1.time_emb_proj.weight": "middle_block.2.emb_layers.1.weight",
    "up_blocks.0.upsamplers.0.conv.weight": "output_blocks.2.2.conv.weight",
    "up_blocks.1.upsamplers.0.conv.bias": "output_blocks.5.2.conv.bias",
    "up_blocks.2.resnets.2.conv2.weight": "output_blocks.8.0.out_layers.3.weight",
    "conv_out.bias": "out.2.bias",
}
PUBLISHED_VAE = {
    "decoder.up_blocks.0.resnets.2.norm1.weight": "decoder.up.3.block.2.norm1.weight",
    "decoder.up_blocks.2.upsamplers.0.conv.bias": "decoder.up.1.upsample.conv.bias",
    "encoder.down_blocks.1.resnets.0.conv_shortcut.weight": "encoder.down.1.block.0.nin_shortcut.weight",
    "encoder.mid_block.attentions.0.to_out.0.weight": "encoder.mid.attn_1.proj_out.weight",
    "encoder.mid_block.attentions.0.proj_attn.weight": "encoder.mid.attn_1.proj_out.weight",
    "decoder.mid_block.attentions.0.query.bias": "decoder.mid.attn_1.q.bias",
    "decoder.mid_block.attentions.0.group_norm.bias": "decoder.mid.attn_1.norm.bias",
    "encoder.conv_norm_out.weight": "encoder.norm_out.weight",
    "quant_conv.weight": "quant_conv.weight",
}
PROJECTIONS = (".to_q", ".to_k", ".to_v", ".to_out.0")
MEGABYTE = 1_000_000


@pytest.fixture(scope="module")
def unet() -> UNet2DConditionModel:
    """SDXL's UNet without numbers."""
    with torch.device("meta"):
        return UNet2DConditionModel(
            sample_size=128,
            block_out_channels=(320, 640, 1280),
            down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
            transformer_layers_per_block=(1, 2, 10),
            attention_head_dim=(5, 10, 20),
            cross_attention_dim=2048,
            use_linear_projection=True,
            addition_embed_type="text_time",
            addition_time_embed_dim=256,
            projection_class_embeddings_input_dim=2816,
        )


@pytest.fixture(scope="module")
def adapter(unet: UNet2DConditionModel) -> Adapter:
    """Random, with strengths that fall from direction to direction and differ between layers, as trained ones do."""
    generator = torch.Generator().manual_seed(0)
    falling = 0.5 ** torch.arange(8)
    pairs = {}
    for name, layer in unet.named_modules():
        if name.endswith(PROJECTIONS):
            down = torch.randn(8, layer.in_features, generator=generator) / 8
            up = torch.randn(layer.out_features, 8, generator=generator) * falling * 1e-3
            pairs[name] = (down, up * torch.rand(1, generator=generator))
    return Adapter(pairs)


def kohya_bytes(adapter: Adapter, unet: UNet2DConditionModel) -> int:
    return count_bytes(held(kohya_lora(adapter, unet.config)), {})


def smaller(adapter: Adapter, unet: UNet2DConditionModel, size_mb: float) -> Adapter:
    return shrink(adapter, lambda cut: kohya_bytes(cut, unet) <= size_mb * MEGABYTE)


def test_names_are_those_of_the_published_checkpoint(unet: UNet2DConditionModel):
    assert {name: unet_name(name, unet.config) for name in PUBLISHED} == PUBLISHED
    vae = {"up_block_types": ["UpDecoderBlock2D"] * 4}
    assert {name: vae_name(name, vae) for name in PUBLISHED_VAE} == PUBLISHED_VAE


def test_diffusers_finds_every_tensor_of_the_unet(unet: UNet2DConditionModel):
    own = unet.state_dict()
    assert (len(own), sum(tensor.numel() for tensor in own.values())) == (1680, 2_567_463_684)
    original = {f"model.diffusion_model.{unet_name(name, unet.config)}": tensor for name, tensor in own.items()}
    found = convert_ldm_unet_checkpoint(original, dict(unet.config))
    assert found.keys() == own.keys()
    assert all(found[name] is tensor for name, tensor in own.items())


@pytest.mark.parametrize("size_mb", [1, 2.9, 6])
def test_a_lora_of_the_size_asked(unet: UNet2DConditionModel, adapter: Adapter, size_mb: float):
    assert (len(adapter.pairs), sum(side.numel() for side in adapter.parameters())) == (560, 8 * 1_451_520)
    cut = smaller(adapter, unet, size_mb)
    assert 0.99 * size_mb * MEGABYTE < kohya_bytes(cut, unet) <= size_mb * MEGABYTE
    fidelity = compare(adapter, cut)
    assert 0 < fidelity.overall < 1
    for name in list(adapter.pairs)[::80]:
        (down, up), kept = adapter.pairs[name], cut.pairs.get(name)
        lost = up @ down - (kept[1].half().float() @ kept[0].half().float() if kept else 0)
        assert fidelity.errors[name] == pytest.approx(float(lost.norm() / (up @ down).norm()), abs=1e-4)


def test_more_bytes_lose_less_and_less_than_one_rank_for_all(unet: UNet2DConditionModel, adapter: Adapter):
    losses = [compare(adapter, smaller(adapter, unet, size_mb)).overall for size_mb in (1, 3, 6)]
    assert losses == sorted(losses, reverse=True)
    one = Adapter({name: first_direction(*pair) for name, pair in adapter.pairs.items()})
    same_size = smaller(adapter, unet, kohya_bytes(one, unet) / MEGABYTE)
    assert compare(adapter, same_size).overall < 0.9 * compare(adapter, one).overall


def first_direction(down: torch.Tensor, up: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The best pair of rank 1, by repeated multiplication."""
    side = down[:1]
    for _ in range(20):
        side = ((side @ down.t()) @ (up.t() @ up)) @ down
        side = side / side.norm()
    return side, up @ (down @ side.t())


@pytest.mark.parametrize("file_format", ["diffusers", "kohya"])
def test_diffusers_puts_every_layer_in_its_place(
    unet: UNet2DConditionModel, adapter: Adapter, tmp_path: Path, file_format: str
):
    """Its loader, up to the layers of SDXL's own UNet: the right ranks, and a scale that the tensors were written for."""
    cut = smaller(adapter, unet, 6)
    tensors, notes = (kohya_lora(cut, unet.config), {}) if file_format == "kohya" else diffusers_lora(cut)
    write_tensors(tmp_path / "small.safetensors", held(tensors), notes)
    state, alphas, metadata = StableDiffusionXLPipeline.lora_state_dict(
        tmp_path / "small.safetensors", unet_config=unet.config, return_lora_metadata=True
    )
    looked_at = list(cut.pairs)[::40]
    for name in looked_at:
        unet.get_submodule(name).to_empty(device="cpu")  # its LoRA comes to where the layer is
    unet.load_lora_adapter(
        state, prefix="unet", network_alphas=alphas, metadata=metadata, adapter_name=file_format, low_cpu_mem_usage=True
    )
    try:
        loaded = {name: layer for name, layer in unet.named_modules() if file_format in getattr(layer, "r", {})}
        assert {name: layer.r[file_format] for name, layer in loaded.items()} == {
            name: down.shape[0] for name, (down, _) in cut.pairs.items()
        }
        assert len({layer.r[file_format] for layer in loaded.values()}) > 2
        for name in looked_at:
            (down, up), layer = cut.pairs[name], loaded[name]
            product = layer.lora_B[file_format].weight.float() @ layer.lora_A[file_format].weight.float()
            torch.testing.assert_close(
                product * layer.scaling[file_format], up @ down, rtol=0, atol=2e-3 * float((up @ down).abs().max())
            )
    finally:
        unet.unload_lora()
