"""How good a snapshot is, by the pictures drawn with it, and which one is published.

Numbers only: knows nothing about how pictures are drawn or seen. P = pictures, N = training images, D = dimensions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

# A picture this much nearer to a training image than those are to each other is a copy of it.
COPY_SHARE = 0.5
# Root mean square of pixels, 0 to 255: what stands for that distance where there is one training image only.
USUAL_DISTANCE = 60.0
LEAST_WAY, NOISE_SHARE, CHANCE = 0.002, 0.9, 0.1
STRICT_WITH_STYLES, STRICT_WITH_PLACES = 3, 1


@dataclass(frozen=True)
class Score:
    """`likeness`: cosine of the pictures and the training images. `followed`: how much nearer a picture is to its own
    words than to those of the others, a difference of cosines. `copies`: the share of pictures that copy a training image."""

    likeness: float
    followed: float
    copies: float


@dataclass(frozen=True)
class Scored:
    """A snapshot's score."""

    step: int
    score: Score


@dataclass(frozen=True)
class Yardstick:
    """What snapshots are held against: the score of the base alone, and how alike the training images are to each other.

    `strictness`: how much following prompts counts, see `measure`.
    """

    base: Score
    alike: float
    strictness: int = STRICT_WITH_STYLES

    def measure(self, score: Score) -> float:
        """From 0 to 1: how far a snapshot got from the base's likeness to that of the training images among themselves, times
        a power of the share of the base's prompt following that is left, times the share of pictures that are no copies.

        A product, as in DreamBench++ (Peng et al., 2024), since none can stand for another: what has learnt nothing is worth
        nothing, nor is what draws a training image whatever it is told. Likeness beyond the images' own counts no more.

        A power, because likeness goes on rising while a training learns its images by heart. One of five images of a style, gone
        on with to step 400, was nearest to pictures that it had not seen at steps 80 to 160; by the bare share step 320 was
        chosen, where two fifths as many of them could be named. Of an object in several places the share says less: the base
        itself, told of four grounds, had 0.08 and 0.18 where it has 0.5 for eight things.
        """
        way = max(LEAST_WAY, self.alike - self.base.likeness)
        gone = min(1.0, max(0.0, score.likeness - self.base.likeness) / way)
        return gone * self.kept(score) ** self.strictness * (1 - score.copies)

    def kept(self, score: Score) -> float:
        """The share of the base's prompt following that is left, at most 1. Less by a tenth and by `CHANCE` is what chance does to a
        few pictures."""
        left = max(0.0, score.followed + CHANCE)
        return min(1.0, left / max(1e-6, NOISE_SHARE * self.base.followed + CHANCE))

    def choose(self, scored: Sequence[Scored]) -> Scored:
        """The best of the snapshots, and the later one of equals."""
        return max(scored, key=lambda one: (self.measure(one.score), one.step))

    def explain(self, scored: Sequence[Scored]) -> str:
        """Why `choose` chose as it did, in words for the weights' owner."""
        chosen, last = self.choose(scored), max(scored, key=lambda one: one.step)
        score, worth = chosen.score, self.measure(chosen.score)
        if not worth:
            return (
                "The last: none of the snapshots came nearer to the training images than the base without losing what it is told. If "
                "the samples do not show your images either, say in initial_word what those show, in words that the base knows."
            )
        said = (
            f"The best of {len(scored)}: likeness to the training images {score.likeness:.3f} (the base {self.base.likeness:.3f}, "
            f"the most that counts {self.alike:.3f}), prompts followed {100 * self.kept(score):.0f} % as well as the base does, "
            f"{100 * score.copies:.0f} % copies."
        )
        if chosen is last:
            return said
        return f"{said} It is worth {worth:.2f}, the last, step {last.step}, {self.measure(last.score):.2f}."


def score_pictures(
    likeness: float, seen_PD: torch.Tensor, told_PD: torch.Tensor, distances_P: torch.Tensor, usual: float
) -> Score:
    """The score of pictures by unit vectors of them and of the texts they were asked with, and by each one's distance to the
    nearest training image, where `usual` is that of the images among themselves."""
    alike_PP, count = seen_PD @ told_PD.t(), len(seen_PD)
    own = alike_PP.diagonal().mean()
    others = (alike_PP.sum() - alike_PP.diagonal().sum()) / max(1, count * (count - 1))
    return Score(
        likeness=likeness,
        followed=float(own - others),
        copies=float((distances_P < COPY_SHARE * usual).float().mean()),
    )


def alikeness(images_ND: torch.Tensor) -> float:
    """Mean cosine of each two of the training images; 1 where there is one only."""
    count = len(images_ND)
    return float((images_ND.sum(dim=0).square().sum() - count) / (count * (count - 1))) if count > 1 else 1.0


def distances_to_nearest(pixels_P: torch.Tensor, images_N: torch.Tensor) -> torch.Tensor:
    """For each picture the root mean square difference of its pixels to the nearest of the images [P]."""
    differences_PN = pixels_P.flatten(1)[:, None] - images_N.flatten(1)[None]
    return differences_PN.square().mean(dim=-1).sqrt().amin(dim=1)


def usual_distance(images_N: torch.Tensor) -> float:
    """How far the middle one of the training images is from the nearest other one."""
    if len(images_N) < 2:
        return USUAL_DISTANCE
    rest = [torch.cat([images_N[:place], images_N[place + 1 :]]) for place in range(len(images_N))]
    nearest = [distances_to_nearest(image[None], others)[0] for image, others in zip(images_N, rest, strict=True)]
    return float(torch.stack(nearest).median())
