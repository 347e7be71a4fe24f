"""What the network is asked to predict, and how its error is weighed. Knows tensors only, no model.

B = batch, C = channels, H, W = height and width of the latents.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Objective:
    """A diffusion objective: `prediction` is `epsilon` (the noise) or `v_prediction` (Salimans and Ho, 2022).

    `alphas_cumprod` [timesteps] is the base's own noise schedule. `snr_gamma` 0 weighs all timesteps alike.
    """

    prediction: str
    alphas_cumprod: torch.Tensor
    snr_gamma: float = 5.0

    def __post_init__(self) -> None:
        if self.prediction not in ("epsilon", "v_prediction"):
            raise ValueError(f"The base predicts {self.prediction!r}; only epsilon and v_prediction can be trained.")

    @property
    def timesteps(self) -> int:
        return len(self.alphas_cumprod)

    def add_noise(self, latents_BCHW: torch.Tensor, noise_BCHW: torch.Tensor, t_B: torch.Tensor) -> torch.Tensor:
        signal, noise_share = self._shares(t_B)
        return signal * latents_BCHW + noise_share * noise_BCHW

    def target(self, latents_BCHW: torch.Tensor, noise_BCHW: torch.Tensor, t_B: torch.Tensor) -> torch.Tensor:
        if self.prediction == "epsilon":
            return noise_BCHW
        signal, noise_share = self._shares(t_B)
        return signal * noise_BCHW - noise_share * latents_BCHW

    def weights(self, t_B: torch.Tensor) -> torch.Tensor:
        """Min-SNR weights (Hang et al., 2023), which keep the almost clean timesteps from ruling the loss."""
        if not self.snr_gamma:
            return torch.ones_like(t_B, dtype=torch.float32)
        alphas_B = self.alphas_cumprod[t_B]
        snr_B = (alphas_B / (1 - alphas_B)).clamp(min=1e-8)
        capped_B = snr_B.clamp(max=self.snr_gamma)
        return capped_B / (snr_B if self.prediction == "epsilon" else snr_B + 1)

    def _shares(self, t_B: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        alphas = self.alphas_cumprod[t_B].view(-1, 1, 1, 1)
        return alphas.sqrt(), (1 - alphas).sqrt()


def masked_loss(
    predicted_BCHW: torch.Tensor, target_BCHW: torch.Tensor, mask_B1HW: torch.Tensor, weights_B: torch.Tensor
) -> torch.Tensor:
    """Mean squared error under the mask, divided by each image's own mask mass: a small mask learns as fast as a large one."""
    error_B1HW = (predicted_BCHW.float() - target_BCHW.float()).square().mean(dim=1, keepdim=True)
    mass_B = mask_B1HW.sum(dim=(1, 2, 3)).clamp(min=1e-6)
    return (weights_B * (error_B1HW * mask_B1HW).sum(dim=(1, 2, 3)) / mass_B).mean()
