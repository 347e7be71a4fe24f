"""A model for the runner's own tests: has no memory for two predictions at once."""

import time

from cog import BasePredictor, Input

import runner


class Predictor(BasePredictor):
    def batch_key(self, hold: bool) -> bool:
        return hold

    def predict_together(self, calls: list[dict]) -> list[str]:
        raise MemoryError

    def predict(
        self, hold: bool = Input(default=False, description="Until it is canceled, so that others wait")
    ) -> str:
        while hold and not runner.turn(0):
            time.sleep(0.01)
        return "alone"
