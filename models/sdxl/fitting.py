"""Whether trained weights fit a base, by the shapes of what it is made of. Knows nothing about where either of them lies."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from weights import Weights

import runner

Shape = tuple[int, ...]


def refuse_misfits(weights: Weights, shape_in_base: Callable[[str, str], Shape | None], name: str) -> None:
    """Raises `runner.Failure` with the first weight that the base has no place for.

    `shape_in_base` gives the shape of a weight of the base by network (`unet`, `text_encoder`, `text_encoder_2`) and name there,
    None where it has none such. `name` is what the trained weights are called.
    """
    for shown, network, weight, shape in _places(weights):
        if shape_in_base(network, weight) != shape:
            raise misfit(name, shown)


def misfit(name: str, what: str) -> runner.Failure:
    return runner.Failure(
        "weights_unusable", f"{name} was trained on another base: {what} does not fit. Use it with that base."
    )


def _places(weights: Weights) -> Iterator[tuple[str, str, str, Shape]]:
    """What takes a place in the base: how it is shown, the network and the weight's name there, and the shape it needs."""
    for layer, (down, up) in weights.adapter.pairs.items() if weights.adapter else ():
        yield layer, "unet", f"{layer}.weight", (up.shape[0], down.shape[1])
    for network, own in weights.whole.networks.items() if weights.whole else ():
        for weight, tensor in own.items():
            yield f"{network}.{weight}", network, weight, tuple(tensor.shape)
