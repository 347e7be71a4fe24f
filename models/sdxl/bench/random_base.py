"""A base of SDXL's real size, or a tiny one of its shape, with random numbers: as fast and as large as the real one, and nothing
to download. Its tokenizers and its CLIPSeg's are those of the embedded base."""

from __future__ import annotations

import importlib
import json
import shutil
from pathlib import Path

import torch

ROOT = Path(__file__).parents[3]
EMBEDDED = ROOT / "bases" / "emoji"
# As published with SDXL base 1.0 and CLIPSeg rd64-refined, and a thousandth of it.
SIZES = {
    "sdxl": {
        "widths": (320, 640, 1280),
        "layers": (1, 2, 10),
        "heads": (5, 10, 20),
        "resnets": 2,
        "time_width": 256,
        "vae_widths": (128, 256, 512, 512),
        "vae_resnets": 2,
        "latent_channels": 4,
        "sample_side": 128,
        "vocabulary": 49408,
        "encoder": (768, 3072, 12, 12),
        "encoder_2": (1280, 5120, 32, 20),
        "eye": (768, 3072, 12, 12, 16, 224),
        "eye_text": (512, 2048, 12, 8),
        "eye_projection": 512,
    },
    "tiny": {
        "widths": (32, 64, 64),
        "layers": (1, 1, 1),
        "heads": (1, 2, 2),
        "resnets": 1,
        "time_width": 32,
        "vae_widths": (32, 32, 32, 32),
        "vae_resnets": 1,
        "latent_channels": 4,
        "sample_side": 8,
        "vocabulary": 4096,
        "encoder": (32, 64, 2, 2),
        "encoder_2": (64, 128, 2, 2),
        "eye": (32, 64, 2, 2, 16, 32),
        "eye_text": (32, 64, 2, 2),
        "eye_projection": 32,
    },
}


def build_base(folder: Path, size: str, device: str) -> Path:
    """Writes the base in diffusers' layout into `folder` and returns it."""
    torch.manual_seed(0)
    dtype = torch.float32 if device == "cpu" else torch.bfloat16
    for library in ("diffusers", "transformers"):
        importlib.import_module(f"{library}.utils.logging").set_verbosity_error()
        importlib.import_module(f"{library}.utils.logging").disable_progress_bar()
    for name, make in parts(SIZES[size]).items():
        with torch.device(device):
            network = make().to(dtype)
        network.save_pretrained(folder / name)
        del network
    for name in ("tokenizer", "tokenizer_2", "scheduler"):
        shutil.copytree(EMBEDDED / name, folder / name)
    for file in ("tokenizer.json", "tokenizer_config.json", "processor_config.json"):
        shutil.copy(EMBEDDED / "clipseg" / file, folder / "clipseg" / file)
    shutil.copy(ROOT / "bases" / "sdxl" / "defaults.json", folder / "defaults.json")
    index = json.loads((EMBEDDED / "model_index.json").read_text())
    (folder / "model_index.json").write_text(json.dumps(index | {"force_zeros_for_empty_prompt": True}))
    return folder


def parts(size: dict) -> dict:
    """The networks' folders, and what makes each."""
    from diffusers import AutoencoderKL, UNet2DConditionModel
    from transformers import CLIPSegConfig, CLIPSegForImageSegmentation, CLIPTextModel, CLIPTextModelWithProjection

    pooled = size["encoder_2"][0]
    return {
        "unet": lambda: UNet2DConditionModel(
            sample_size=size["sample_side"],
            in_channels=size["latent_channels"],
            out_channels=size["latent_channels"],
            block_out_channels=size["widths"],
            layers_per_block=size["resnets"],
            down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
            transformer_layers_per_block=size["layers"],
            attention_head_dim=size["heads"],
            cross_attention_dim=size["encoder"][0] + pooled,
            use_linear_projection=True,
            addition_embed_type="text_time",
            addition_time_embed_dim=size["time_width"],
            projection_class_embeddings_input_dim=6 * size["time_width"] + pooled,
        ),
        "vae": lambda: AutoencoderKL(
            block_out_channels=size["vae_widths"],
            down_block_types=("DownEncoderBlock2D",) * 4,
            up_block_types=("UpDecoderBlock2D",) * 4,
            layers_per_block=size["vae_resnets"],
            latent_channels=size["latent_channels"],
            scaling_factor=0.13025,
        ),
        "text_encoder": lambda: CLIPTextModel(_text(size, "encoder", "quick_gelu")),
        "text_encoder_2": lambda: CLIPTextModelWithProjection(_text(size, "encoder_2", "gelu")),
        "clipseg": lambda: CLIPSegForImageSegmentation(_eye(size, CLIPSegConfig)),
    }


def _text(size: dict, encoder: str, activation: str):
    from transformers import CLIPTextConfig

    width, inner, layers, heads = size[encoder]
    return CLIPTextConfig(
        vocab_size=size["vocabulary"],
        hidden_size=width,
        intermediate_size=inner,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        projection_dim=width,
        hidden_act=activation,
        **_ends(),
    )


def _eye(size: dict, kind: type):
    width, inner, layers, heads, patch, side = size["eye"]
    text_width, text_inner, text_layers, text_heads = size["eye_text"]
    shared = {"projection_dim": size["eye_projection"]}
    vision = {
        "hidden_size": width,
        "intermediate_size": inner,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "patch_size": patch,
        "image_size": side,
    }
    text = {
        "hidden_size": text_width,
        "intermediate_size": text_inner,
        "num_hidden_layers": text_layers,
        "num_attention_heads": text_heads,
        "vocab_size": size["vocabulary"],
        **_ends(),
    }
    extracted = [layer for layer in (3, 6, 9) if layer < layers] or [0]
    refined = {"use_complex_transposed_convolution": True, "extract_layers": extracted}
    return kind(vision_config=vision | shared, text_config=text | shared, **refined, **shared)


def _ends() -> dict[str, int]:
    """Where a text begins and ends by the embedded base's tokenizers."""
    config = json.loads((EMBEDDED / "text_encoder" / "config.json").read_text())
    return {name: config[name] for name in ("bos_token_id", "eos_token_id", "pad_token_id")}
