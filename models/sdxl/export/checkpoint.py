"""A base with an adapter merged into it as one file in SDXL's original layout. Reads a tensor at a time."""

from __future__ import annotations

import torch
from adapter import Adapter

from .names import second_encoder_name, unet_name, vae_name
from .stored import StoredBase, StoredNetwork
from .tensor_file import Entry

UNET, VAE = "model.diffusion_model.", "first_stage_model."
FIRST, SECOND = "conditioner.embedders.0.transformer.text_model.", "conditioner.embedders.1.model."
JOINED = ("q_proj", "k_proj", "v_proj")


def list_entries(base: StoredBase, adapter: Adapter | None, scale: float) -> list[Entry]:
    """All tensors of a checkpoint: the UNet with scale * up @ down added, the VAE and both text encoders as they are.

    Trained words have no place in it: whoever reads a checkpoint brings a tokenizer and a vocabulary of a fixed length.
    """
    vae = base.network("vae")
    entries = [
        *_unet(base.unet, adapter.pairs if adapter else {}, scale),
        *_vae(vae),
        *_first_encoder(base.network("text_encoder")),
        *_second_encoder(base.network("text_encoder_2")),
        *_marks(base.scheduler),
    ]
    return sorted(entries, key=lambda entry: entry.name)


def _unet(unet: StoredNetwork, pairs: dict, scale: float):
    for name in unet.names():
        pair = pairs.get(name.removesuffix(".weight"))

        def make(name=name, pair=pair) -> torch.Tensor:
            weight = unet.read(name)
            return torch.addmm(weight.float(), pair[1].float(), pair[0].float(), alpha=scale) if pair else weight

        yield Entry(UNET + unet_name(name, unet.config), unet.shape(name), make)


def _vae(vae: StoredNetwork):
    for name in vae.names():
        shape = vae.shape(name)
        # The original's attention is made of 1 × 1 convolutions.
        if ".attentions." in name and len(shape) == 2:
            shape = (*shape, 1, 1)
        yield Entry(
            VAE + vae_name(name, vae.config), shape, lambda name=name, shape=shape: vae.read(name).reshape(shape)
        )


def _first_encoder(encoder: StoredNetwork):
    for name in _weights_of(encoder):
        yield Entry(FIRST + name.removeprefix("text_model."), encoder.shape(name), lambda name=name: encoder.read(name))


def _second_encoder(encoder: StoredNetwork):
    for name in _weights_of(encoder):
        shape = encoder.shape(name)
        if name == "text_projection.weight":
            yield Entry(SECOND + "text_projection", shape[::-1], lambda name=name: encoder.read(name).t())
        elif ".q_proj." in name:
            parts = [name.replace("q_proj", part) for part in JOINED]
            joined = second_encoder_name(name).replace("q_proj.", "in_proj_")
            yield Entry(
                SECOND + joined,
                (3 * shape[0], *shape[1:]),
                lambda parts=parts: torch.cat([encoder.read(part) for part in parts]),
            )
        elif ".k_proj." not in name and ".v_proj." not in name:
            yield Entry(SECOND + second_encoder_name(name), shape, lambda name=name: encoder.read(name))


def _weights_of(encoder: StoredNetwork) -> list[str]:
    """Without the row of position numbers, which older files hold and every program makes for itself."""
    return [name for name in encoder.names() if not name.endswith("position_ids")]


def _marks(scheduler: dict):
    """Empty tensors by whose names ComfyUI knows what a UNet predicts."""
    if scheduler.get("prediction_type") == "v_prediction":
        yield Entry("v_pred", (0,), lambda: torch.zeros(0))
    if scheduler.get("rescale_betas_zero_snr"):
        yield Entry("ztsnr", (0,), lambda: torch.zeros(0))
