"""Makes an adapter small: each layer's product is cut to its strongest directions, as many as fit in a file's size.

The best approximation of a matrix by one of lower rank is its truncated SVD (Eckart and Young, 1936). Directions of all
layers compete for the bytes: what counts is how much of the squared change a byte carries, so that ranks differ and a
layer that hardly changed may be left out. Knows nothing about file formats.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import torch
from adapter import Adapter, Pair


@dataclass(frozen=True)
class Fidelity:
    """What became of each layer: its rank and the relative Frobenius error of its product, 0 (kept) to 1 (left out)."""

    ranks: dict[str, int]
    errors: dict[str, float]
    overall: float


def shrink(adapter: Adapter, fits: Callable[[Adapter], bool]) -> Adapter | None:
    """The adapter with as many directions as fit, half precision in mind; None where not even one does.

    `fits` tells whether an adapter's file is small enough; it must go on doing so when directions are taken away.
    """
    factors = {name: _factor(*pair) for name, pair in adapter.pairs.items()}
    order = _rank_by_worth(factors)
    low, high = 0, len(order)
    while low < high:
        middle = (low + high + 1) // 2
        if fits(_take(factors, order[:middle])):
            low = middle
        else:
            high = middle - 1
    return _take(factors, order[:low]) if low else None


def compare(adapter: Adapter, written: Adapter) -> Fidelity:
    """How far the products of `written`, in the half precision that files hold, are from the adapter's own."""
    ranks, errors, lost_total, total = {}, {}, 0.0, 0.0
    for name, (down, up) in adapter.pairs.items():
        down, up = down.double(), up.double()
        own = _square(down, up)
        lost, ranks[name] = own, 0
        if name in written.pairs:
            kept_down, kept_up = (side.half().double() for side in written.pairs[name])
            # The difference of two products is itself one of stacked factors.
            lost = _square(torch.cat([down, kept_down]), torch.cat([up, -kept_up], dim=1))
            ranks[name] = kept_down.shape[0]
        errors[name] = (lost / own) ** 0.5 if own else 0.0
        lost_total, total = lost_total + lost, total + own
    return Fidelity(ranks, errors, (lost_total / total) ** 0.5 if total else 0.0)


def _factor(down: torch.Tensor, up: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """SVD of up @ down without forming it: left [out, r], strengths [r], right [r, in]."""
    left, left_r = torch.linalg.qr(up.detach().float().cpu())
    right, right_r = torch.linalg.qr(down.detach().float().cpu().t())
    inner_left, strengths, inner_right = torch.linalg.svd(left_r @ right_r.t(), full_matrices=False)
    return left @ inner_left, strengths, inner_right @ right.t()


def _rank_by_worth(factors: dict) -> list[str]:
    """Layer names, one for each direction, the one that carries most per byte first."""
    worth = [
        (strength**2 / (left.shape[0] + right.shape[1]), name)
        for name, (left, strengths, right) in factors.items()
        for strength in strengths.tolist()
        if strength > 0
    ]
    return [name for _, name in sorted(worth, key=lambda one: (-one[0], one[1]))]


def _take(factors: dict, chosen: list[str]) -> Adapter:
    return Adapter({name: _cut(*factors[name], rank) for name, rank in sorted(Counter(chosen).items())})


def _cut(left: torch.Tensor, strengths: torch.Tensor, right: torch.Tensor, rank: int) -> Pair:
    # Strength is shared by both sides: either alone could leave the range of half precision.
    roots = strengths[:rank].sqrt()
    return roots[:, None] * right[:rank], left[:, :rank] * roots


def _square(down: torch.Tensor, up: torch.Tensor) -> float:
    """The squared Frobenius norm of up @ down, by traces of small matrices."""
    return max(0.0, float(((up.t() @ up) * (down @ down.t())).sum()))
