"""Gives files one after the other, as models do that draw several pictures."""

from collections.abc import Iterator

from cog import BasePredictor, Input, Path

import runner


class Predictor(BasePredictor):
    def predict(self, count: int = Input(default=2, ge=1, le=10, description="How many files")) -> Iterator[Path]:
        for number in range(count):
            page = runner.folder() / f"page-{number}.txt"
            page.write_text(f"page {number}")
            yield Path(page)
