"""What a layer's weight is changed by where that is more than a LoRA pair: LoHa, LoKr and DoRA, which are drawn with and never
trained here. O = outputs, I = inputs, of a convolution each with its kernel's pixels.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Protocol

import torch


class Change(Protocol):
    """Kept as the small tensors of its file: what they come to is as large as the weight."""

    def of(self, weight: torch.Tensor) -> torch.Tensor:
        """What is to be added to the base's own weight, as [O, I] in float32."""
        ...

    def tensors(self) -> list[torch.Tensor]: ...


class _Kept:
    def tensors(self) -> list[torch.Tensor]:
        return [one for one in (getattr(self, field.name) for field in fields(self)) if isinstance(one, torch.Tensor)]


@dataclass(frozen=True)
class LowRank(_Kept):
    """LoRA (Hu et al., 2021): up @ down."""

    down: torch.Tensor
    up: torch.Tensor

    def of(self, weight: torch.Tensor) -> torch.Tensor:
        down, up = (one.to(weight.device).flatten(1) for one in (self.down, self.up))
        return up @ down


@dataclass(frozen=True)
class Hadamard(_Kept):
    """LoHa (Hyeon-Woo et al., 2022): two products of low rank, multiplied number by number."""

    first_up: torch.Tensor
    first_down: torch.Tensor
    second_up: torch.Tensor
    second_down: torch.Tensor

    def of(self, weight: torch.Tensor) -> torch.Tensor:
        first = LowRank(self.first_down, self.first_up).of(weight)
        return first * LowRank(self.second_down, self.second_up).of(weight)


@dataclass(frozen=True)
class Kronecker(_Kept):
    """LoKr (Yeh et al., 2024): each number of `first` times all of `second`, which has the kernel behind."""

    first: torch.Tensor
    second: torch.Tensor

    def of(self, weight: torch.Tensor) -> torch.Tensor:
        first, second = self.first.to(weight.device), self.second.to(weight.device)
        return torch.kron(first.view(*first.shape, *[1] * (second.dim() - 2)), second).flatten(1)


@dataclass(frozen=True)
class Decomposed:
    """DoRA (Liu et al., 2024): the changed weight, each output of it, or each input, as long as `lengths` says: [O, 1, 1], or
    [1, inputs, 1], of the weight as [O, inputs, pixels]."""

    change: Change
    lengths: torch.Tensor

    def of(self, weight: torch.Tensor) -> torch.Tensor:
        own = weight.float().flatten(1)
        changed = (own + self.change.of(weight)).view(len(own), weight.shape[1], -1)
        across = [dim for dim in range(3) if self.lengths.shape[dim] == 1]
        norms = changed.pow(2).sum(dim=across, keepdim=True).sqrt().clamp_min(torch.finfo(torch.float32).tiny)
        return (changed * (self.lengths.to(weight.device) / norms)).flatten(1) - own

    def tensors(self) -> list[torch.Tensor]:
        return [*self.change.tensors(), self.lengths]
