"""What SDXL's original code base calls the tensors that diffusers names otherwise. Pure functions of names.

kohya, A1111 and ComfyUI follow the original names, in LoRAs with underscores for points.
"""

from __future__ import annotations

OUTSIDE = {
    "conv_in": "input_blocks.0.0",
    "time_embedding.linear_1": "time_embed.0",
    "time_embedding.linear_2": "time_embed.2",
    "add_embedding.linear_1": "label_emb.0.0",
    "add_embedding.linear_2": "label_emb.0.2",
    "conv_norm_out": "out.0",
    "conv_out": "out.2",
}
RESNET = {
    "norm1": "in_layers.0",
    "conv1": "in_layers.2",
    "time_emb_proj": "emb_layers.1",
    "norm2": "out_layers.0",
    "conv2": "out_layers.3",
    "conv_shortcut": "skip_connection",
}
VAE = (
    ("mid_block.attentions.0.", "mid.attn_1."),
    ("mid_block.resnets.0.", "mid.block_1."),
    ("mid_block.resnets.1.", "mid.block_2."),
    ("down_blocks.", "down."),
    ("up_blocks.", "up."),
    (".resnets.", ".block."),
    (".downsamplers.0.", ".downsample."),
    (".upsamplers.0.", ".upsample."),
    ("conv_norm_out.", "norm_out."),
    ("conv_shortcut.", "nin_shortcut."),
    (".group_norm.", ".norm."),
    # Each of the attention's layers has had two names in diffusers.
    (".to_q.", ".q."),
    (".to_k.", ".k."),
    (".to_v.", ".v."),
    (".to_out.0.", ".proj_out."),
    (".query.", ".q."),
    (".key.", ".k."),
    (".value.", ".v."),
    (".proj_attn.", ".proj_out."),
)
SECOND_ENCODER = (
    ("encoder.layers.", "transformer.resblocks."),
    ("embeddings.token_embedding.", "token_embedding."),
    ("embeddings.position_embedding.weight", "positional_embedding"),
    ("final_layer_norm.", "ln_final."),
    (".layer_norm1.", ".ln_1."),
    (".layer_norm2.", ".ln_2."),
    (".self_attn.", ".attn."),
    (".mlp.fc1.", ".mlp.c_fc."),
    (".mlp.fc2.", ".mlp.c_proj."),
)


def unet_name(name: str, config: dict) -> str:
    """A UNet tensor's or layer's original name, by the UNet's own configuration: `input_blocks.4.1.proj_in.weight`."""
    for own, original in OUTSIDE.items():
        if name == own or name.startswith(f"{own}."):
            return original + name.removeprefix(own)
    side, *rest = name.split(".")
    if side == "mid_block":
        kind, place, *rest = rest
        block = "middle_block.1" if kind == "attentions" else f"middle_block.{2 * int(place)}"
    else:
        level, kind, place, *rest = rest
        block = _block(side, int(level), kind, int(place), config)
    if kind == "resnets":
        rest[0] = RESNET[rest[0]]
    if kind == "downsamplers":
        rest = rest[1:]
    return ".".join([block, *rest])


def _block(side: str, level: int, kind: str, place: int, config: dict) -> str:
    per_level = config["layers_per_block"] + 1
    if side == "down_blocks":
        # Place 0 is conv_in's; a level ends with its downsampler.
        first = 1 + level * per_level
        if kind == "downsamplers":
            return f"input_blocks.{first + per_level - 1}.0.op"
        return f"input_blocks.{first + place}.{int(kind == 'attentions')}"
    first = level * per_level
    if kind == "upsamplers":
        # The upsampler stands behind the level's last resnet and, where there is one, its attention.
        return f"output_blocks.{first + per_level - 1}.{2 if 'CrossAttn' in config['up_block_types'][level] else 1}"
    return f"output_blocks.{first + place}.{int(kind == 'attentions')}"


def lora_name(layer: str, config: dict) -> str:
    """A UNet layer's name in a kohya LoRA: `lora_unet_input_blocks_4_1_transformer_blocks_0_attn1_to_q`."""
    return f"lora_unet_{unet_name(layer, config)}".replace(".", "_")


def vae_name(name: str, config: dict) -> str:
    """A VAE tensor's original name. Its decoder counts its levels from the picture, diffusers' from the latents."""
    for own, original in VAE:
        name = name.replace(own, original)
    if name.startswith("decoder.up."):
        level, rest = name.removeprefix("decoder.up.").split(".", 1)
        name = f"decoder.up.{len(config['up_block_types']) - 1 - int(level)}.{rest}"
    return name


def second_encoder_name(name: str) -> str:
    """An OpenCLIP text encoder's original name; query, key and value, which are one tensor there, keep their own."""
    name = name.removeprefix("text_model.")
    for own, original in SECOND_ENCODER:
        name = name.replace(own, original)
    return name
