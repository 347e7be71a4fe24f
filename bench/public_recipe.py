"""Pivotal tuning as diffusers' advanced SDXL LoRA script trains it (`train_dreambooth_lora_sdxl_advanced.py`), in our own words: peft's
LoRA on the attention of the UNet, two new tokens in both text encoders whose whole tables are trained and the old rows put back
after every step, gradients clipped at 1, Min-SNR 5, constant rates, and after half of the steps the words at rest. What comes
out are the weights after the last step.

Two things are kinder to it than the script is: latents stay with their own captions, which its cache mixes up where it
shuffles, and it gets the rates of the embedded base, on which its own of 1e-4 learn next to nothing in 200 steps.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch.nn.functional import mse_loss

NEW_TOKENS = ["<s0>", "<s1>"]
SNR_GAMMA = 5.0
TARGETS = ["to_q", "to_k", "to_v", "to_out.0"]


class PublicRecipe:
    """`images` [N, C, H, W] in [-1, 1], each with its caption, in which TOK stands for the new tokens."""

    def __init__(
        self, folder: Path, images: torch.Tensor, captions: list[str], rank: int, rates: dict, seed: int
    ) -> None:
        from diffusers import AutoencoderKL, DDPMScheduler, UNet2DConditionModel
        from peft import LoraConfig
        from transformers import CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

        torch.manual_seed(seed)
        kinds = {"text_encoder": CLIPTextModel, "text_encoder_2": CLIPTextModelWithProjection}
        self.encoders = [kind.from_pretrained(folder / part, dtype=torch.float32) for part, kind in kinds.items()]
        tokenizers = [CLIPTokenizer.from_pretrained(folder / part) for part in ("tokenizer", "tokenizer_2")]
        self.tables = [self._add_tokens(*pair) for pair in zip(self.encoders, tokenizers, strict=True)]
        self.old_rows = [table.detach().clone() for table in self.tables]
        texts = [caption.replace("TOK", "".join(NEW_TOKENS)) for caption in captions]
        self.ids = [
            tokenizer(texts, padding="max_length", max_length=77, truncation=True, return_tensors="pt").input_ids
            for tokenizer in tokenizers
        ]
        self.ends = [tokenizer.eos_token_id for tokenizer in tokenizers]
        self.unet = UNet2DConditionModel.from_pretrained(folder / "unet", dtype=torch.float32).requires_grad_(False)
        self.unet.add_adapter(LoraConfig(r=rank, lora_alpha=rank, init_lora_weights="gaussian", target_modules=TARGETS))
        self.lora = [parameter for parameter in self.unet.parameters() if parameter.requires_grad]
        self.optimizer = torch.optim.AdamW(
            [
                {"params": self.lora, "lr": rates["lora_lr"], "weight_decay": 1e-4},
                {"params": self.tables, "lr": rates["ti_lr"], "weight_decay": 1e-3},
            ]
        )
        self.schedule = DDPMScheduler.from_pretrained(folder / "scheduler")
        vae = AutoencoderKL.from_pretrained(folder / "vae", dtype=torch.float32)
        with torch.no_grad():
            self.latents = [vae.encode(image[None]).latent_dist for image in images]
        self.scaling = vae.config.scaling_factor
        side = float(images.shape[-1])
        self.sizes = torch.tensor([side, side, 0, 0, side, side])

    def train(self, steps: int, batch: int) -> None:
        for step in range(steps):
            if step == steps // 2:
                self.optimizer.param_groups[1]["lr"] = 0.0
            rows = torch.randperm(len(self.latents))[:batch]
            self._step(rows)

    def trained(self) -> tuple[dict[str, tuple[torch.Tensor, torch.Tensor]], list[torch.Tensor]]:
        """LoRA pairs (down, up) by their layers' names, and the new tokens' rows in each text encoder."""
        state = {name: one.detach() for name, one in self.unet.named_parameters() if one.requires_grad}
        downs = [name for name in state if ".lora_A." in name]
        pairs = {
            name.split(".lora_A.")[0]: (state[name], state[name.replace(".lora_A.", ".lora_B.")]) for name in downs
        }
        return pairs, [table.detach()[-len(NEW_TOKENS) :].clone() for table in self.tables]

    def _step(self, rows: torch.Tensor) -> None:
        latents = torch.cat([self.latents[row].sample() for row in rows]) * self.scaling
        noise, t = torch.randn_like(latents), torch.randint(len(self.schedule.alphas_cumprod), (len(rows),))
        context, pooled = self._read(rows)
        added = {"text_embeds": pooled, "time_ids": self.sizes.repeat(len(rows), 1)}
        noisy = self.schedule.add_noise(latents, noise, t)
        predicted = self.unet(noisy, t, context, added_cond_kwargs=added).sample
        alphas = self.schedule.alphas_cumprod[t]
        snr = alphas / (1 - alphas)
        each = mse_loss(predicted, noise, reduction="none").mean(dim=(1, 2, 3))
        (each * snr.clamp(max=SNR_GAMMA) / snr).mean().backward()
        torch.nn.utils.clip_grad_norm_([*self.lora, *self.tables], 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad()
        self._put_old_rows_back()

    def _read(self, rows: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        outputs = [
            encoder(ids[rows], output_hidden_states=True) for encoder, ids in zip(self.encoders, self.ids, strict=True)
        ]
        last = outputs[1].last_hidden_state
        end = (self.ids[1][rows] == self.ends[1]).int().argmax(dim=-1)
        pooled = self.encoders[1].text_projection(last[torch.arange(len(rows)), end])
        return torch.cat([output.hidden_states[-2] for output in outputs], dim=-1), pooled

    def _add_tokens(self, encoder, tokenizer) -> torch.nn.Parameter:
        tokenizer.add_tokens(NEW_TOKENS)
        encoder.requires_grad_(False)
        encoder.resize_token_embeddings(len(tokenizer), mean_resizing=False)
        table = encoder.get_input_embeddings().weight.requires_grad_(True)
        with torch.no_grad():
            table[-len(NEW_TOKENS) :] = torch.randn(len(NEW_TOKENS), table.shape[1]) * table[: -len(NEW_TOKENS)].std()
        return table

    @torch.no_grad()
    def _put_old_rows_back(self) -> None:
        """And draws the new rows' deviation a tenth of the way to the vocabulary's."""
        for table, old in zip(self.tables, self.old_rows, strict=True):
            count = len(NEW_TOKENS)
            table[:-count] = old[:-count]
            table[-count:] *= (old[:-count].std() / table[-count:].std()) ** 0.1
