"""Gives a text back word by word, as language models do: an iterator whose outputs are to be put together."""

import time

from cog import BasePredictor, ConcatenateIterator, Input, Path


class Predictor(BasePredictor):
    def predict(
        self,
        text: str = Input(default="hello world", description="What to give back"),
        file: Path | None = Input(default=None, description="A file whose text to give back instead"),
        delay_seconds: float = Input(default=0.0, ge=0, le=60, description="How long to wait before each word"),
        fail: str | None = Input(default=None, description="Fail with these words after the text"),
    ) -> ConcatenateIterator[str]:
        print("words: begin")
        for word in (file.read_text() if file else text).split(" "):
            time.sleep(delay_seconds)
            yield f"{word} "
        if fail:
            raise ValueError(fail)
