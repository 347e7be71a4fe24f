"""Training steps as Replicate's SDXL trainer takes them, in our own words: every kernel launched from Python, a LoRA in float32 with
casts around it, both text encoders run forward and backward with their whole tables of embeddings, all rows but the new ones
put back after every step, and the loss read after every step. It is given the resolution that it is asked for.
"""

from __future__ import annotations

from pathlib import Path

import torch
import torch.nn.functional as F

NEW_ROWS = 2
TOKENS = 77
IMAGES = 16


class CogLoop:
    """On random latents: what is measured is time."""

    def __init__(self, folder: Path, device: str, resolution: int, batch: int, rank: int) -> None:
        from diffusers import DDPMScheduler, UNet2DConditionModel
        from transformers import CLIPTextModel, CLIPTextModelWithProjection

        dtype = torch.float32 if device == "cpu" else torch.bfloat16
        self.device, self.batch = device, batch
        self.unet = UNet2DConditionModel.from_pretrained(folder / "unet", dtype=dtype).to(device).requires_grad_(False)
        kinds = {"text_encoder": CLIPTextModel, "text_encoder_2": CLIPTextModelWithProjection}
        self.encoders = [kind.from_pretrained(folder / part, dtype=dtype).to(device) for part, kind in kinds.items()]
        self.tables = [self._train_table(encoder) for encoder in self.encoders]
        self.old_tables = [table.detach().clone() for table in self.tables]
        self.kept = [torch.arange(len(table)) < len(table) - NEW_ROWS for table in self.tables]
        self.lora = self._add_lora(rank)
        self.optimizer = torch.optim.AdamW(
            [
                {"params": self.lora, "lr": 1e-4, "weight_decay": 1e-4},
                {"params": self.tables, "lr": 3e-4, "weight_decay": 1e-3},
            ]
        )
        self.schedule = DDPMScheduler.from_pretrained(folder / "scheduler")
        side, channels = resolution // 8, self.unet.config.in_channels
        self.latents = torch.randn(IMAGES, channels, side, side, device=device, dtype=dtype)
        self.ids = torch.randint(len(self.tables[0]) - NEW_ROWS, (IMAGES, TOKENS), device=device)
        self.ids[:, 2:4] = torch.arange(len(self.tables[0]) - NEW_ROWS, len(self.tables[0]), device=device)
        self.sizes = torch.tensor([[resolution, resolution, 0, 0, resolution, resolution]], device=device)

    def step(self) -> float:
        rows = torch.randint(IMAGES, (self.batch,), device=self.device)
        outputs = [encoder(self.ids[rows], output_hidden_states=True) for encoder in self.encoders]
        context = torch.cat([output.hidden_states[-2] for output in outputs], dim=-1)
        added = {"text_embeds": outputs[1].text_embeds, "time_ids": self.sizes.repeat(self.batch, 1)}
        latents = self.latents[rows]
        noise = torch.randn_like(latents)
        t = torch.randint(1000, (self.batch,), device=self.device)
        noisy = self.schedule.add_noise(latents, noise, t)
        predicted = self.unet(noisy, t, context, added_cond_kwargs=added).sample
        loss = (predicted.float() - noise.float()).square().mean()
        loss.backward()
        self.optimizer.step()
        self.optimizer.zero_grad()
        self._put_old_rows_back()
        return loss.item()

    def _train_table(self, encoder) -> torch.nn.Parameter:
        encoder.requires_grad_(False)
        encoder.resize_token_embeddings(encoder.config.vocab_size + NEW_ROWS, mean_resizing=False)
        return encoder.get_input_embeddings().weight.requires_grad_(True)

    def _add_lora(self, rank: int) -> list[torch.nn.Parameter]:
        parameters = []
        for name, layer in self.unet.named_modules():
            if name.endswith((".to_q", ".to_k", ".to_v", ".to_out.0")):
                down = torch.nn.Parameter(torch.randn(rank, layer.in_features, device=self.device) / rank)
                up = torch.nn.Parameter(torch.zeros(layer.out_features, rank, device=self.device))
                layer.forward = _beside(layer, down, up)
                parameters += [down, up]
        return parameters

    @torch.no_grad()
    def _put_old_rows_back(self) -> None:
        for table, old, kept in zip(self.tables, self.old_tables, self.kept, strict=True):
            # A mask in main memory, as there: the host waits for the device.
            table[kept] = old[kept]
            new = table[~kept]
            table[~kept] = new * (old.std() / new.std()) ** 0.1


def _beside(layer: torch.nn.Linear, down: torch.Tensor, up: torch.Tensor):
    def forward(x: torch.Tensor) -> torch.Tensor:
        added = F.linear(F.linear(x.to(down.dtype), down), up)
        return F.linear(x, layer.weight, layer.bias) + added.to(x.dtype)

    return forward
