"""LoRA pairs (Hu et al., 2021) beside frozen linear layers. Knows nothing about the network they belong to.

Beside a layer while training; folded into a copy of its weight while drawing, which costs nothing a step.
Either way the layer gets back the very tensors that it had.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
import torch.nn.functional as F
from changes import Change

Pair = tuple[torch.Tensor, torch.Tensor]


class Adapter:
    """`pairs` maps a layer's name to (down [rank, in], up [out, rank]), both float32 whatever the base computes in. Beside a
    convolution they have its kernel's height and width behind.

    `strength` is what their product counts while training: alpha / rank. `others` are changes of layers that have no pair, as
    other programs' files hold them: they can be folded, and nothing else.
    """

    def __init__(self, pairs: dict[str, Pair], strength: float = 1.0, others: dict[str, Change] | None = None) -> None:
        self.pairs, self.strength, self.others = pairs, strength, others or {}

    @classmethod
    def create(
        cls, targets: dict[str, torch.nn.Linear], rank: int, generator: torch.Generator, strength: float = 1.0
    ) -> Adapter:
        """A pair for each target that changes nothing yet: `down` is drawn from N(0, 1/rank), `up` is zero."""
        pairs = {}
        for name, layer in targets.items():
            down = torch.randn(rank, layer.in_features, generator=generator) / rank
            up = torch.zeros(layer.out_features, rank)
            pairs[name] = tuple(torch.nn.Parameter(side.to(layer.weight.device)) for side in (down, up))
        return cls(pairs, strength)

    def parameters(self) -> list[torch.Tensor]:
        return [side for pair in self.pairs.values() for side in pair]

    def tensors(self) -> list[torch.Tensor]:
        return [*self.parameters(), *(one for other in self.others.values() for one in other.tensors())]

    def at_full_strength(self) -> Adapter:
        """The same change as pairs of strength 1, which is what files hold: cog-sdxl's have no place for an alpha."""
        if self.strength == 1:
            return self
        return Adapter({name: (down, up.detach() * self.strength) for name, (down, up) in self.pairs.items()})

    @contextmanager
    def beside(self, targets: dict[str, torch.nn.Linear]) -> Iterator[None]:
        """Adds each pair's product to its layer's output, differentiably, until the block ends."""
        try:
            for name, pair in self.pairs.items():
                targets[name].forward = _forward_with(targets[name], *pair, self.strength)
            yield
        finally:
            for name in self.pairs:
                targets[name].__dict__.pop("forward", None)

    @contextmanager
    def aside(self, targets: dict[str, torch.nn.Linear]) -> Iterator[None]:
        """Inside `beside`: the layers are as if no pair stood there, until the block ends."""
        ours = {name: targets[name].__dict__.pop("forward") for name in self.pairs}
        try:
            yield
        finally:
            for name, forward in ours.items():
                targets[name].forward = forward


@contextmanager
def fold(layers: dict[str, torch.nn.Module], adapters: Sequence[tuple[Adapter, float]]) -> Iterator[None]:
    """Puts weight + the sum of scale * up @ down, or of scale * other change, in the place of each layer's weight until the
    block ends.

    `layers` are linear ones or convolutions, and hold all that the adapters name.
    """
    changes: dict[str, list[tuple[Pair | Change, float]]] = {}
    for adapter, scale in adapters:
        for name, pair in adapter.pairs.items():
            changes.setdefault(name, []).append((pair, scale * adapter.strength))
        for name, other in adapter.others.items():
            changes.setdefault(name, []).append((other, scale))
    own = {name: layers[name].weight for name in changes}
    try:
        for name, weight in own.items():
            folded = weight.float().flatten(1)
            for change, scale in changes[name]:
                folded = _add(folded, change, scale, weight)
            folded = folded.view_as(weight).to(weight.dtype)
            layers[name].weight = torch.nn.Parameter(folded, requires_grad=False)
        yield
    finally:
        for name, weight in own.items():
            layers[name].weight = weight


def _add(folded_OI: torch.Tensor, change: Pair | Change, scale: float, weight: torch.Tensor) -> torch.Tensor:
    if not isinstance(change, tuple):
        return folded_OI + scale * change.of(weight)
    down, up = (side.to(weight.device).flatten(1) for side in change)
    return torch.addmm(folded_OI, up, down, alpha=scale)


def _forward_with(layer: torch.nn.Linear, down: torch.Tensor, up: torch.Tensor, strength: float):
    def forward(x: torch.Tensor) -> torch.Tensor:
        out = F.linear(x, layer.weight, layer.bias)
        inner = F.linear(x.to(down.dtype), down)
        # One addmm in place of a product and a sum: a third less time for all pairs together than peft's layers on a CPU.
        summed = torch.addmm(out.flatten(0, -2).to(up.dtype), inner.flatten(0, -2), up.t(), alpha=strength)
        return summed.view(out.shape).to(out.dtype)

    return forward
