"""Echo's predictor: gives a text back, as files. With trained weights it says their token and digest first."""

import hashlib
import os
import signal
import time

from cog import BasePredictor, Input, Path
from picture import write_picture
from voice import speak
from weights import read_weights

import runner


class Predictor(BasePredictor):
    def setup(self, weights: Path | None = None) -> None:
        self.switch(weights)

    def switch(self, weights: Path | None) -> None:
        self.prefix = "{token} {digest} ".format(**read_weights(weights)) if weights else ""

    def batch_key(self, **inputs) -> tuple:
        """Echo answers together what is to wait equally long."""
        return inputs["repeat"], inputs["delay_seconds"]

    def predict_together(self, calls: list[dict]) -> list[list[Path] | Exception]:
        """Waits once for all, where one after the other would each wait."""
        for number in range(calls[0]["repeat"]):
            _wait(number, calls[0]["delay_seconds"])
        return [self._answer(number, {**call, "delay_seconds": 0}) for number, call in enumerate(calls)]

    def _answer(self, number: int, call: dict) -> list[Path] | Exception:
        with runner.call(number):
            try:
                return self.predict(**call)
            except ValueError as error:
                return error

    def predict(
        self,
        text: str = Input(default="hello", description="What to give back"),
        repeat: int = Input(default=1, ge=1, le=4, description="How many files to give"),
        format: str = Input(default="png", choices=["png", "txt"], description="A picture of the text's colour, or it"),
        delay_seconds: float = Input(default=0.0, ge=0, le=600, description="How long to wait before each file"),
        seed: int | None = Input(default=None, ge=0, description="Makes another colour"),
        fail: str | None = Input(default=None, description="Fail with these words"),
        exit: bool = Input(default=False, description="Die by SIGKILL"),
    ) -> list[Path]:
        words = self.prefix + text
        speak(words)
        outputs = []
        for number in range(repeat):
            if _wait(number, delay_seconds):
                break
            if fail:
                raise ValueError(fail)
            if exit:
                os.kill(os.getpid(), signal.SIGKILL)
            output = runner.folder() / f"out-{number}.{format}"
            if format == "txt":
                output.write_text(words)
            else:
                write_picture(output, hashlib.sha256(f"{words}{number}{seed}".encode()).digest()[:3])
            outputs.append(Path(output))
            runner.progress(number + 1, repeat)
        return outputs


def _wait(number: int, seconds: float) -> bool:
    """Waits in short pieces, so that a wish is heard at once. True: end early."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        if runner.turn(number):
            return True
        time.sleep(min(left, 0.05))
    return runner.turn(number)
