"""The algebra of the objective, against the formulas."""

import pytest
import torch
from objective import Objective, masked_loss

ALPHAS = torch.linspace(0.999, 0.005, 1000)


def test_a_small_mask_weighs_as_much_as_a_large_one():
    """cog-sdxl divides by the picture's area, so that a mask of a quarter learns at a quarter of the rate."""
    target = torch.zeros(1, 4, 8, 8)
    predicted = torch.full_like(target, 2.0)
    quarter = torch.zeros(1, 1, 8, 8)
    quarter[..., :4, :4] = 1
    whole = masked_loss(predicted, target, torch.ones(1, 1, 8, 8), torch.ones(1))
    assert masked_loss(predicted, target, quarter, torch.ones(1)) == whole == 4


def test_what_the_mask_hides_does_not_count():
    target = torch.zeros(1, 4, 8, 8)
    predicted = torch.zeros_like(target)
    predicted[..., 4:, :] = 100
    mask = torch.zeros(1, 1, 8, 8)
    mask[..., :4, :] = 1
    assert masked_loss(predicted, target, mask, torch.ones(1)) == 0


@pytest.mark.parametrize("t", [0, 100, 500, 999])
def test_min_snr_caps_at_five(t: int):
    snr = (ALPHAS[t] / (1 - ALPHAS[t])).item()
    at = torch.tensor([t])
    assert Objective("epsilon", ALPHAS).weights(at).item() == pytest.approx(min(snr, 5) / snr)
    assert Objective("v_prediction", ALPHAS).weights(at).item() == pytest.approx(min(snr, 5) / (snr + 1))


def test_gamma_zero_weighs_all_timesteps_alike():
    assert Objective("epsilon", ALPHAS, snr_gamma=0).weights(torch.tensor([0, 500, 999])).tolist() == [1, 1, 1]


def test_v_prediction_gives_back_the_latents():
    """By its definition alpha * noisy - sigma * v is the clean picture."""
    objective = Objective("v_prediction", ALPHAS)
    latents, noise, t = torch.randn(3, 4, 8, 8), torch.randn(3, 4, 8, 8), torch.tensor([3, 400, 990])
    noisy, v = objective.add_noise(latents, noise, t), objective.target(latents, noise, t)
    alpha = ALPHAS[t].view(-1, 1, 1, 1)
    torch.testing.assert_close(alpha.sqrt() * noisy - (1 - alpha).sqrt() * v, latents, atol=1e-4, rtol=1e-4)


def test_another_prediction_type_is_refused():
    with pytest.raises(ValueError, match="sample"):
        Objective("sample", ALPHAS)
