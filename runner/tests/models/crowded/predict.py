"""A model for the runner's own tests: has no memory for two predictions at once."""

import time

from cog import BasePredictor


class Predictor(BasePredictor):
    def setup(self) -> None:
        time.sleep(0.3)  # so that all of a test's predictions wait by then

    def batch_key(self) -> str:
        return "all"

    def predict_together(self, calls: list[dict]) -> list[str]:
        raise MemoryError

    def predict(self) -> str:
        return "alone"
