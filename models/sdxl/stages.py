"""One drawing as stages: which network takes which steps, by `predict`'s inputs. Knows nothing about texts or pictures."""

from __future__ import annotations

from dataclasses import dataclass

from base import Base
from refining import find_refiner
from sampling import Steps

# How far a finished picture is taken back for the refiner: what diffusers' pipeline, and so Replicate's SDXL, does.
REFINER_STRENGTH = 0.3


@dataclass(frozen=True)
class Stage:
    """Steps that a network takes: on from where the stage before has come, or `over` what that one has finished."""

    network: Base
    steps: Steps
    over: bool = False


def plan_stages(base: Base, inputs: dict, over_image: bool) -> list[Stage]:
    """The stages that have steps to take: none where an image is drawn over with a `prompt_strength` of 0."""
    count, strength = inputs["num_inference_steps"], inputs["prompt_strength"] if over_image else 1.0

    def steps(network: Base, count: int, strength: float) -> Steps:
        return Steps(inputs["scheduler"], network.scheduler.config, count, base.device).of_strength(strength)

    stages = [Stage(base, steps(base, count, strength))]
    if inputs["refine"] == "expert_ensemble_refiner":
        refiner, share = find_refiner(base), inputs["high_noise_frac"]
        stages = [
            Stage(base, steps(base, count, strength).until(share)),
            Stage(refiner, steps(refiner, count, strength).after(share)),
        ]
    if inputs["refine"] == "base_image_refiner":
        refiner = find_refiner(base)
        stages.append(Stage(refiner, steps(refiner, inputs["refine_steps"] or count, REFINER_STRENGTH), over=True))
    return [stage for stage in stages if len(stage.steps)]
