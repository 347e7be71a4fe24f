"""A training step of ours beside a bare loop of the same model: diffusers' UNet, peft's LoRA, AdamW, nothing else.

    .venv/bin/python bench/train_step.py [steps]

The two take turns step by step, so that what else the machine does falls on both. Exits 1 above the bar.
"""

from __future__ import annotations

import contextlib
import io
import resource
import statistics
import sys
import time

import plain
import torch

from runner.report import Nobody, listen

BAR = 1.3
MEMORY_BAR_GB = 2.0
BATCH, RANK, TOKENS = 4, 16, 77


class BareLoop:
    """What a person would write: encoders with two more rows in the first half, the UNet alone with cached text after it."""

    def __init__(self, folder) -> None:
        from diffusers import DDPMScheduler, UNet2DConditionModel
        from peft import LoraConfig
        from transformers import CLIPTextModel, CLIPTextModelWithProjection

        kinds = {"text_encoder": CLIPTextModel, "text_encoder_2": CLIPTextModelWithProjection}
        self.unet = UNet2DConditionModel.from_pretrained(folder / "unet", dtype=torch.float32).requires_grad_(False)
        self.unet.add_adapter(LoraConfig(r=RANK, lora_alpha=RANK, target_modules=["to_q", "to_k", "to_v", "to_out.0"]))
        self.encoders = [kind.from_pretrained(folder / part, dtype=torch.float32) for part, kind in kinds.items()]
        tables = []
        for encoder in self.encoders:
            encoder.requires_grad_(False).resize_token_embeddings(4040, mean_resizing=False)
            tables.append(encoder.get_input_embeddings().weight.requires_grad_(True))
        lora = [parameter for parameter in self.unet.parameters() if parameter.requires_grad]
        self.optimizer = torch.optim.AdamW([{"params": lora, "lr": 1e-3}, {"params": tables, "lr": 1e-2}])
        self.noise_schedule = DDPMScheduler.from_pretrained(folder / "scheduler")
        self.latents = torch.randn(16, self.unet.config.in_channels, 16, 16)
        self.ids = torch.randint(4038, (16, TOKENS))
        self.ids[:, 2:4] = torch.tensor([4038, 4039])
        self.sizes = torch.tensor([[128.0, 128, 0, 0, 128, 128]]).repeat(BATCH, 1)
        self.cached = None

    def rest_words(self) -> None:
        with torch.no_grad():
            self.cached = self.read(self.ids)

    def read(self, ids: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        outputs = [encoder(ids, output_hidden_states=True) for encoder in self.encoders]
        return torch.cat([output.hidden_states[-2] for output in outputs], dim=-1), outputs[1].text_embeds

    def step(self) -> None:
        rows = torch.randint(16, (BATCH,))
        context, pooled = [part[rows] for part in self.cached] if self.cached else self.read(self.ids[rows])
        latents, noise = self.latents[rows], torch.randn(BATCH, *self.latents.shape[1:])
        t = torch.randint(1000, (BATCH,))
        noisy = self.noise_schedule.add_noise(latents, noise, t)
        added = {"text_embeds": pooled, "time_ids": self.sizes}
        loss = (self.unet(noisy, t, context, added_cond_kwargs=added).sample - noise).square().mean()
        loss.backward()
        self.optimizer.step()
        self.optimizer.zero_grad()


class TakeTurns(Nobody):
    """Sits where the runner sits between two of our steps, and takes a bare step there."""

    def __init__(self, bare: BareLoop, steps: int) -> None:
        self.bare, self.half = bare, steps // 2
        self.ours: list[float] = []
        self.theirs: list[float] = []
        self.training = False

    def stage(self, name: str, done: int | None, total: int | None) -> None:
        self.training = name == "training"
        self.ended = time.perf_counter()

    def turn(self, step: int) -> bool:
        if not self.training:
            return False
        started = time.perf_counter()
        self.ours.append(started - self.ended)
        if step == self.half:
            self.bare.rest_words()
        started = time.perf_counter()
        self.bare.step()
        self.ended = time.perf_counter()
        self.theirs.append(self.ended - started)
        return False


def main() -> int:
    steps = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    turns = TakeTurns(BareLoop(plain.ROOT / "bases" / "emoji"), steps)
    listen(turns)
    with contextlib.redirect_stdout(io.StringIO()):
        plain.train(input_images=plain.DEMO_ZIP, max_train_steps=steps, seed=0, sample_steps=0, publish="last")
    listen(Nobody())
    total = [0.0, 0.0]
    half = steps // 2
    for name, part in (("words and LoRA", slice(1, half)), ("LoRA alone", slice(half + 1, None))):
        ours, theirs = statistics.median(turns.ours[part]), statistics.median(turns.theirs[part])
        total = [total[0] + ours, total[1] + theirs]
        print(f"{name:15} ours {1000 * ours:5.0f} ms   bare {1000 * theirs:5.0f} ms   {ours / theirs:.2f}")
    ratio = total[0] / total[1]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"200 steps       ours {100 * total[0]:5.0f} s    bare {100 * total[1]:5.0f} s    {ratio:.2f} (bar {BAR})")
    print(f"peak memory of both {peak:.2f} GB (bar {MEMORY_BAR_GB}), {torch.get_num_threads()} threads")
    return 0 if ratio <= BAR and peak <= MEMORY_BAR_GB else 1


if __name__ == "__main__":
    sys.exit(main())
