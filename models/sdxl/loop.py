"""The training loop: one for every technique and every base. Imports neither diffusers nor transformers.

Everything a step reads lies on the device before it; the host is asked for nothing in between, and reads losses late enough
for the device never to wait.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Protocol

from course import Course
from graph import Recorded, choose_runner
from objective import Objective
from plan import Images, Plan
from readings import Readings
from step import Network, Step

import runner


class Keeper(Protocol):
    """Whoever keeps what is reached on the way. `keep` sees a course whose losses have all been read."""

    def wants(self, step: int) -> bool: ...
    def keep(self, course: Course) -> None: ...


def fit(
    plan: Plan,
    images: Images,
    network: Network,
    course: Course,
    objective: Objective,
    keepers: Sequence[Keeper],
    on_reading: Callable[[Course], None],
) -> None:
    """Trains the course's groups in place from where it is until the last step, or until the runner asks to end early.

    Calls `on_reading` with the course after each step whose loss was read. Raises `runner.Failure` on a loss or a gradient that
    is not finite, before anything is kept of its step.
    """
    device = images.mean.device
    batches = plan.batches(images).to(device)
    step_taken = Step(plan, images, network, objective, course, tuple(batches.shape[1:]))
    take_step = choose_runner(step_taken, device)
    readings = Readings(plan.steps, device)

    def read(until: int) -> None:
        for step in range(course.steps + 1, until + 1):
            loss, gradient = readings.read(step)
            if not (math.isfinite(loss) and math.isfinite(gradient)):
                names = [images.names[row] for row in batches[step - 1].flatten().tolist()]
                raise not_finite(step, loss, gradient, names, network, course, plan.rate_at(step))
            course.losses.append(loss)
            course.steps = step
            on_reading(course)

    for step in range(course.steps + 1, plan.steps + 1):
        if _freeze(course, step, network) and isinstance(take_step, Recorded):
            take_step.begin_phase()
        course.set_rates(plan.rate_at(step))
        step_taken.draws.fill(batches[step - 1], objective.timesteps, course.generator)
        take_step()
        readings.send(step, step_taken.readings)
        course.average.update(step)
        read(step - readings.late)
        for keeper in keepers:
            if keeper.wants(step):
                read(step)
                keeper.keep(course)
        if step == plan.steps or runner.turn(step):
            read(step)
            break


def not_finite(
    step: int, loss: float, gradient: float, names: list[str], network: Network, course: Course, share: float
) -> runner.Failure:
    """What went wrong, where, and what to do about it."""
    what = (
        f"loss of step {step} is {loss}" if not math.isfinite(loss) else f"gradient of step {step} has norm {gradient}"
    )
    rates = ", ".join(f"{group['name']} {group['peak'] * share:.3g}" for group in course.optimizer.param_groups)
    computed = str(network.dtype).removeprefix("torch.")
    return runner.Failure(
        "non_finite_loss",
        f"The {what}. Its batch: {', '.join(dict.fromkeys(names))}. Learning rates: {rates}. Computed in {computed}. Snapshots of "
        "earlier steps can still be had. Train again with a tenth of the learning rate; if it ends at the same images again, "
        "without these.",
    )


def _freeze(course: Course, step: int, network: Network) -> bool:
    """Takes the groups whose time is over out of the optimizer; the others keep their moments. True where there were any."""
    moving = {parameters["name"] for parameters in course.optimizer.param_groups}
    resting = [group for group in course.groups if step > group.last_step and group.name in moving]
    for group in resting:
        for parameter in group.parameters:
            parameter.requires_grad_(False)
        course.optimizer.param_groups = [kept for kept in course.optimizer.param_groups if kept["name"] != group.name]
        network.freeze(group.name)
    return bool(resting)
