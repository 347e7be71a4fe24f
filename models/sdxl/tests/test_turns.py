"""Predictions between the steps of a training: each gets the base as it is, and the training feels nothing of it."""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy
import torch
from conftest import Called, Functions, members
from technique import TECHNIQUES

from runner.report import Nobody, Room, heard_by


class DrawBetween(Nobody):
    """Draws between two steps of a training, as a process does with predictions that wait."""

    def __init__(self, draw: Callable[[], bytes]) -> None:
        self.draw = draw
        self.rooms: list[Room] = []
        self.drawn: list[bytes] = []

    @contextmanager
    def room(self, make: Room) -> Iterator[None]:
        self.rooms.append(make)
        yield
        self.rooms.pop()

    def turn(self, step: int) -> bool:
        # The first room is that of the preparation.
        if len(self.rooms) == 2:
            with heard_by(Nobody()), self.rooms[-1]():
                self.drawn.append(self.draw())
        return False


def drawer(functions: Functions, weights: Path) -> Callable[[], bytes]:
    """Draws with the base alone and with trained weights in turn, and leaves every global generator elsewhere."""
    predictor = functions.predictor()
    call = {field.name: field.default for field in functions.model.predict_fields} | {"num_inference_steps": 2}

    def draw() -> bytes:
        pictures = []
        for loaded in (None, weights):
            predictor.switch(loaded)
            (path,) = functions.draw(predictor).result
            pictures.append(path.read_bytes())
            # A batch may have more threads than a training. It gives them back.
            predictor.predict_together([call | {"seed": seed} for seed in (1, 2)])
        torch.manual_seed(1)
        numpy.random.seed(1)
        random.seed(1)
        return b"".join(pictures)

    return draw


def test_a_training_gives_the_same_bytes_with_predictions_between_its_steps(
    functions: Functions, trained: Called
) -> None:
    listener = DrawBetween(drawer(functions, trained.result))
    undisturbed = listener.draw()
    with heard_by(listener):
        disturbed = functions.train().result
    # The adapter was out of the way, …
    assert listener.drawn == [undisturbed] * 3
    # … and came back as it was.
    assert members(disturbed) == members(trained.result)


def test_a_training_of_the_base_itself_makes_no_room() -> None:
    whole = {name for name, one in TECHNIQUES.items() if one.replaces_base}
    assert whole == {name for name, one in TECHNIQUES.items() if "unet" in one.moves}
