"""Where a training is: the groups that move, and everything that decides what the next step does to them.

Knows nothing about networks, nor how any of it is kept on a disk.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Group:
    """Parameters that move together. After `last_step` they stay as they are.

    Where `averaged`, what comes out is a running mean over about the last sixth of the steps: it lies nearer to the middle of
    where the noise of single batches throws the parameters. `row_norms` has the least and the greatest length of each
    parameter's rows.
    """

    name: str
    parameters: list[torch.Tensor]
    learning_rate: float
    weight_decay: float
    last_step: int
    averaged: bool = False
    row_norms: list[tuple[float, float]] | None = None


class Course:
    """A training after `steps` steps, with the losses of all of them. `seed` decides every number that is drawn."""

    def __init__(self, groups: list[Group], steps_planned: int, seed: int, device: torch.device) -> None:
        self.steps = 0
        self.losses: list[float] = []
        self.groups = groups
        self.generator = torch.Generator(device).manual_seed(seed)
        self.optimizer = make_optimizer(groups)
        self.average = Average([one for group in groups if group.averaged for one in group.parameters], steps_planned)
        self._start = [[parameter.detach().clone() for parameter in group.parameters] for group in groups]

    def set_rates(self, share: float) -> None:
        """Lets each group move at a share of its learning rate from now on."""
        for group in self.optimizer.param_groups:
            group["lr"].fill_(group["peak"] * share)

    @torch.no_grad()
    def hold_norms(self) -> None:
        """Draws rows that left the lengths they are to have back to the nearest of these."""
        for group in self.groups:
            for parameter, (least, greatest) in zip(group.parameters, group.row_norms or (), strict=False):
                norms = parameter.norm(dim=1, keepdim=True)
                parameter.mul_(norms.clamp(least, greatest) / norms)

    def finish(self) -> None:
        """Puts what comes out in the parameters' place."""
        self.average.put_in_place()
        self.hold_norms()

    @contextmanager
    def as_it_would_come_out(self) -> Iterator[None]:
        """The parameters are what `finish` would make of them, until the block ends; then they are as they were."""
        parameters = [parameter.detach() for _, parameter in self._named_parameters()]
        own = [parameter.clone() for parameter in parameters]
        try:
            if self.steps:
                self.finish()
            yield
        finally:
            for parameter, kept in zip(parameters, own, strict=True):
                parameter.copy_(kept)

    def count_moving(self) -> int:
        """How many numbers there are to learn."""
        return sum(parameter.numel() for group in self.groups for parameter in group.parameters)

    def not_finite(self) -> list[str]:
        """The groups that hold a number which is none."""
        return [group.name for group in self.groups if not all(one.isfinite().all().item() for one in group.parameters)]

    def change(self) -> dict[str, float]:
        """How far each group is from where it started: the norm of all its numbers' differences."""
        norms = {}
        for group, start in zip(self.groups, self._start, strict=True):
            pairs = zip(group.parameters, start, strict=True)
            squares = [(now.detach() - before).double().square().sum() for now, before in pairs]
            norms[group.name] = round(torch.stack(squares).sum().sqrt().item(), 6)
        return norms

    def tensors(self) -> dict[str, torch.Tensor]:
        """All that `restore` needs, by name, in main memory."""
        found = {"generator": self.generator.get_state(), "losses": torch.tensor(self.losses, dtype=torch.float64)}
        for name, parameter in self._named_parameters():
            found[f"{name}.value"] = parameter
            # The optimizer makes its moments at a parameter's first step.
            for moment, tensor in self.optimizer.state.get(parameter, {}).items():
                found[f"{name}.{moment}"] = tensor
        found |= {f"mean.{place}": tensor for place, tensor in enumerate(self.average.mean)}
        return {name: tensor.detach().cpu().contiguous() for name, tensor in found.items()}

    @torch.no_grad()
    def restore(self, tensors: dict[str, torch.Tensor]) -> None:
        """Puts the training where `tensors()` was taken. The groups have to be those of that training."""
        self.losses = tensors["losses"].tolist()
        self.steps = len(self.losses)
        self.generator.set_state(tensors["generator"])
        for name, parameter in self._named_parameters():
            parameter.copy_(tensors[f"{name}.value"])
            moments = [key for key in tensors if key.startswith(f"{name}.") and not key.endswith(".value")]
            for key in moments:
                moment = tensors[key].to(parameter.device)
                self.optimizer.state[parameter][key.removeprefix(f"{name}.")] = moment
        for place, mean in enumerate(self.average.mean):
            mean.copy_(tensors[f"mean.{place}"])

    def _named_parameters(self) -> list[tuple[str, torch.Tensor]]:
        return [(f"{group.name}.{place}", one) for group in self.groups for place, one in enumerate(group.parameters)]


class Average:
    """A running mean of parameters (Polyak and Juditsky, 1992), with an exponential window."""

    def __init__(self, parameters: list[torch.Tensor], steps: int) -> None:
        self.parameters = [parameter.detach() for parameter in parameters]
        self.mean = [torch.zeros_like(parameter) for parameter in parameters]
        self.window = max(1.0, steps / 6)

    def update(self, step: int) -> None:
        """Counts a step; the first ones, of which there is no window yet, weigh alike."""
        if self.mean:
            torch._foreach_lerp_(self.mean, self.parameters, 1 / min(step, self.window))

    def put_in_place(self) -> None:
        for parameter, mean in zip(self.parameters, self.mean, strict=True):
            parameter.copy_(mean)


def make_optimizer(groups: list[Group]) -> torch.optim.AdamW:
    """AdamW whose rates and step counts lie on the device, where a recorded step finds them."""
    settings = [
        {
            "params": group.parameters,
            "lr": _rate_for(group),
            "peak": group.learning_rate,
            "weight_decay": group.weight_decay,
            "name": group.name,
        }
        for group in groups
    ]
    # Fused: the many small matrices of a LoRA cost more to walk through in Python than to update.
    on_gpu = any(group.parameters[0].is_cuda for group in groups)
    return torch.optim.AdamW(settings, betas=(0.9, 0.999), fused=True, capturable=on_gpu)


def _rate_for(group: Group) -> torch.Tensor:
    """The kernel of a CPU computes with rates in double precision; that of a GPU takes no other than single."""
    device = group.parameters[0].device
    dtype = torch.float64 if device.type == "cpu" else torch.float32
    return torch.tensor(group.learning_rate, dtype=dtype, device=device)
