"""Notices a training that takes no turn any more. Knows nothing about what becomes of it."""

import statistics
import threading
import time
from collections import deque
from collections.abc import Callable

# The shortest silence that is called a hang, and how many usual steps it has to last where those are long.
PATIENCE_SECONDS = 120.0
STEPS = 20
STEPS_REMEMBERED = 101


class Watchdog:
    """`turn` arms it, `pause` disarms it until the next turn: whatever has a name of its own, such as saving, may take as
    long as it takes. `on_hang` is called once, with the seconds since the last turn, on a thread of its own."""

    def __init__(
        self,
        on_hang: Callable[[float], None],
        patience_seconds: float = PATIENCE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._on_hang = on_hang
        self._clock = clock
        self._patience_seconds = patience_seconds
        self._steps: deque[float] = deque(maxlen=STEPS_REMEMBERED)
        self._last: float | None = None
        self._started = self._ended = False

    def turn(self) -> None:
        now = self._clock()
        if self._last is not None:
            self._steps.append(now - self._last)
        self._last = now
        if not self._started:
            self._started = True
            threading.Thread(target=self._watch, name="watchdog", daemon=True).start()

    def pause(self) -> None:
        self._last = None

    def end(self) -> None:
        self._ended = True

    def hanging_for(self) -> float | None:
        """The seconds of silence, once they are too many for steps such as these."""
        last = self._last
        if last is None:
            return None
        usual = statistics.median(list(self._steps)) if self._steps else 0.0
        silent = self._clock() - last
        return silent if silent > max(self._patience_seconds, STEPS * usual) else None

    def _watch(self) -> None:
        while not self._ended:
            time.sleep(min(1.0, self._patience_seconds / 4))
            silent = self.hanging_for()
            if silent is not None and not self._ended:
                self._on_hang(silent)
                return
