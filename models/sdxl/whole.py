"""Whole networks of a fine-tune, which stand in the place of the base's own for the moment. Knows nothing about what a
network is for, nor about files.

The base's own tensors are put aside, not written over: afterwards every network has the very tensors back that it had.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import torch


class Whole:
    """`networks` maps a network's name to its weights by their names there; what is not among these stays the base's."""

    def __init__(self, networks: dict[str, dict[str, torch.Tensor]]) -> None:
        self.networks = networks

    @classmethod
    def trainable(cls, networks: dict[str, dict[str, torch.Tensor]]) -> Whole:
        """Weights that an optimizer moves, in float32 whatever the base computes in: a step is smaller than what half
        precision can tell apart."""
        return cls(
            {name: {key: torch.nn.Parameter(one.float()) for key, one in own.items()} for name, own in networks.items()}
        )

    def parameters(self, *names: str) -> list[torch.Tensor]:
        return [one for name in names if name in self.networks for one in self.networks[name].values()]

    def to(self, device: torch.device, dtype: torch.dtype) -> Whole:
        return Whole(
            {name: {key: one.to(device, dtype) for key, one in own.items()} for name, own in self.networks.items()}
        )

    @contextmanager
    def in_place(self, bases: dict[str, torch.nn.Module]) -> Iterator[None]:
        """The base's networks have these weights until the block ends."""
        with ExitStack() as stack:
            for name, own in self.networks.items():
                stack.enter_context(_in_place(bases[name], own))
            yield


@contextmanager
def _in_place(network: torch.nn.Module, tensors: dict[str, torch.Tensor]) -> Iterator[None]:
    own = {name: network.get_parameter(name) for name in tensors}
    dtype, device = next(network.parameters()).dtype, next(network.parameters()).device
    try:
        for name, tensor in tensors.items():
            _put(network, name, tensor)
        if any(tensor.dtype != dtype for tensor in tensors.values()):
            # Weights are cast where they are used, each once a pass, so that there is nothing for a cache to save.
            casting = torch.autocast(device.type, dtype=dtype, cache_enabled=False)
            network.forward = casting(network.forward)
        yield
    finally:
        network.__dict__.pop("forward", None)
        for name, parameter in own.items():
            _put(network, name, parameter)


def _put(network: torch.nn.Module, name: str, tensor: torch.Tensor) -> None:
    module, _, leaf = name.rpartition(".")
    if not isinstance(tensor, torch.nn.Parameter):
        tensor = torch.nn.Parameter(tensor, requires_grad=False)
    setattr(network.get_submodule(module), leaf, tensor)
