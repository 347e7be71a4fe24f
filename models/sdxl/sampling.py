"""From noise, or from an image with noise over it, to a picture's latents: the schedulers by their Replicate names, and
the loop over the steps of one. Knows nothing about texts, files or what network predicts.

B = batch, C = channels, H, W = height and width.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import torch
from base import Conditioning

# diffusers' class, its settings, and eta, which tells how much new noise comes with a step.
SCHEDULERS: dict[str, tuple[str, dict, float]] = {
    # Latents know no bounds that they could be clipped at.
    "DDIM": ("DDIMScheduler", {"clip_sample": False}, 0.0),
    "DPMSolverMultistep": ("DPMSolverMultistepScheduler", {}, 0.0),
    "HeunDiscrete": ("HeunDiscreteScheduler", {}, 0.0),
    "KarrasDPM": ("DPMSolverMultistepScheduler", {"use_karras_sigmas": True}, 0.0),
    "K_EULER_ANCESTRAL": ("EulerAncestralDiscreteScheduler", {}, 0.0),
    "K_EULER": ("EulerDiscreteScheduler", {}, 0.0),
    "PNDM": ("PNDMScheduler", {"skip_prk_steps": True}, 0.0),
    # Luo et al., 2023, and Zheng et al., 2024, who draw with an eta of 0.3.
    "LCM": ("LCMScheduler", {}, 0.0),
    "TCD": ("TCDScheduler", {}, 0.3),
}
# LCM and TCD choose their steps among so many, and would refuse to take more.
DISTILLED_STEPS = 50


class Network(Protocol):
    """What predicts at each step: `base.Base` does."""

    def predict(self, noisy_BCHW: torch.Tensor, t_B: torch.Tensor, conditioning: Conditioning) -> torch.Tensor: ...


class Steps:
    """Some of a scheduler's steps: all, until they are narrowed. Good for one drawing, as a scheduler counts along."""

    def __init__(self, name: str, config: dict, count: int, device: torch.device) -> None:
        import diffusers

        kind, settings, self.eta = SCHEDULERS[name]
        if name in ("LCM", "TCD"):
            settings = {**settings, "original_inference_steps": max(count, DISTILLED_STEPS)}
        self.scheduler = getattr(diffusers, kind).from_config(config, **settings)
        self.scheduler.set_timesteps(count, device=device)
        self.count, self.first, self.last = count, 0, len(self.scheduler.timesteps)

    def __len__(self) -> int:
        return max(0, self.last - self.first)

    @property
    def timesteps(self) -> torch.Tensor:
        return self.scheduler.timesteps[self.first : self.last]

    def of_strength(self, strength: float) -> Steps:
        """The last ones, by which an image is drawn over: at 1 all of them, at 0 none, else at least one."""
        count = max(int(self.count * strength), 1 if strength else 0)
        self.first = min((self.count - count) * self.scheduler.order, self.last)
        return self

    def until(self, share: float) -> Steps:
        """Those before the noise is gone but for 1 - `share`."""
        self.last = self._place_of(share)
        return self

    def after(self, share: float) -> Steps:
        """Those that `until` leaves out."""
        self.first = max(self.first, self._place_of(share))
        return self

    def _place_of(self, share: float) -> int:
        trained = self.scheduler.config.num_train_timesteps
        place = int((self.scheduler.timesteps >= round(trained * (1 - share))).sum())
        # Of order 2, all steps but the last are two halves that belong together: a cut comes before a first half.
        return place - place % self.scheduler.order if place < len(self.scheduler.timesteps) else place


@dataclass(frozen=True)
class Told:
    """What each picture of a batch is drawn by, and how much more than by its negative text."""

    positive: Conditioning
    negative: Conditioning
    guidance: float

    def predict(self, network: Network, noisy_BCHW: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        # Ho & Salimans, 2022. At 1 the negative text has no say; 0 is what few-step models are used with, and means the same.
        if self.guidance <= 1:
            return network.predict(noisy_BCHW, t, self.positive)
        both = network.predict(torch.cat([noisy_BCHW] * 2), t, Conditioning.joined([self.negative, self.positive]))
        # Guidance multiplies what half precision has rounded off.
        negative, positive = both.float().chunk(2)
        return negative + self.guidance * (positive - negative)


@dataclass(frozen=True)
class Ground:
    """An image's latents [B, C, H, W], which a picture is drawn over: all of it, or where `repainted` [B, 1, H, W] is true."""

    latents: torch.Tensor
    repainted: torch.Tensor | None = None


@torch.no_grad()
def denoise(
    network: Network,
    steps: Steps,
    told: Told,
    start: tuple[int, ...] | Ground,
    generators: list[torch.Generator],
    after_step: Callable[[], object],
    under_way: torch.Tensor | None = None,
) -> torch.Tensor:
    """Latents [B, C, H, W] after these steps, in float32. Each picture's noise comes from its own generator, so that it is
    the same in any batch.

    `start` is what is drawn over, or the latents' shape [C, H, W] where that is nothing; `under_way` are latents that other
    steps have brought to where these begin. Calls `after_step` after each.
    """
    scheduler, timesteps = steps.scheduler, steps.timesteps
    if hasattr(scheduler, "set_begin_index"):
        scheduler.set_begin_index(steps.first)
    ground = start if isinstance(start, Ground) else None
    shape = ground.latents.shape[1:] if ground else start
    latents = under_way
    if latents is None or (ground and ground.repainted is not None):
        noise = torch.cat([torch.randn((1, *shape), generator=one, device=one.device) for one in generators])
    if latents is None:
        # From the very first step on nothing of an image is left.
        latents = (
            scheduler.add_noise(ground.latents, noise, timesteps[:1].repeat(len(noise)))
            if ground and steps.first
            else noise * scheduler.init_noise_sigma
        )
    more = _what_a_step_takes(steps, generators)
    for place, t in enumerate(timesteps):
        predicted = told.predict(network, scheduler.scale_model_input(latents, t), t)
        latents = scheduler.step(predicted.to(latents.dtype), t, latents, return_dict=False, **more)[0]
        if ground and ground.repainted is not None:
            is_last = steps.first + place + 1 == len(scheduler.timesteps)
            following = scheduler.timesteps[steps.first + place + 1].repeat(len(noise)) if not is_last else None
            kept = ground.latents if is_last else scheduler.add_noise(ground.latents, noise, following)
            latents = torch.where(ground.repainted, latents, kept)
        after_step()
    return latents


def _what_a_step_takes(steps: Steps, generators: list[torch.Generator]) -> dict:
    offered = {"eta": steps.eta, "generator": generators}
    return {name: offered[name] for name in offered if name in inspect.signature(steps.scheduler.step).parameters}
