"""Whether a training's losses run away. A pure function of them; knows nothing about steps nor what is done about it."""

from __future__ import annotations

from dataclasses import dataclass, replace

# A single loss says little: it differs tenfold by the level of the noise alone.
STEPS_OF_MEAN = 50
# Fewer images than that can have a mean a third of the next ones', by chance, where a batch is one image.
IMAGES_TO_SETTLE = 24
TIMES, PATIENCE_STEPS = 3, 100
# The loss of a network that answers nothing at all: what it is asked for has a variance of 1. A training that is above it from its
# first images on has no better mean to be compared with.
OF_NOTHING = 1.0


@dataclass(frozen=True)
class Trend:
    """What the losses come to after `step` steps: their running mean, the least that it has been, `OF_NOTHING` at most, and for how many steps in a
    row it has been over three times that. `ran_away_at` is the first step at which that was so for a hundred of them."""

    images_per_step: int
    step: int = 0
    mean: float = 0.0
    least: float = OF_NOTHING
    least_at: int = 0
    steps_above: int = 0
    ran_away_at: int | None = None

    def after(self, loss: float) -> Trend:
        """With the loss of one more step."""
        step = self.step + 1
        mean = self.mean + (loss - self.mean) / min(step, STEPS_OF_MEAN)
        moved = replace(self, step=step, mean=mean)
        if step * self.images_per_step < IMAGES_TO_SETTLE:
            return moved
        if mean < self.least:
            return replace(moved, least=mean, least_at=step, steps_above=0)
        above = self.steps_above + 1 if mean > TIMES * self.least else 0
        ran_away = step if self.ran_away_at is None and above == PATIENCE_STEPS else self.ran_away_at
        return replace(moved, steps_above=above, ran_away_at=ran_away)


def warn_of(trend: Trend, rates: dict[str, float]) -> str:
    """What a trend that ran away is told as. `rates` are the learning rates of what moves."""
    named = ", ".join(f"{name} {rate:.3g}" for name, rate in rates.items())
    least = (
        f"its least, {trend.least:.3g} after step {trend.least_at}"
        if trend.least_at
        else f"what a network has that answers nothing, {OF_NOTHING:.3g}"
    )
    return (
        f"The loss runs away: its running mean is {trend.mean:.3g} after step {trend.step}, and has been over {TIMES} times {least}, "
        f"for {PATIENCE_STEPS} steps. Learning rates: {named}. Cancel the training, or end it with stop-and-keep, and train again "
        "with a tenth of them."
    )
