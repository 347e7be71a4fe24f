"""The attempts that this process was given and has not begun, oldest first. Knows nothing about what becomes of them."""

import threading

from runner.attempt import Attempt
from runner.protocol import LoadCommand


class Waiting:
    """One thread puts, another takes; a wish may take an attempt out before it was begun."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._attempts: list[Attempt] = []
        self._load: LoadCommand | None = None

    def put(self, attempt: Attempt) -> None:
        with self._changed:
            self._attempts.append(attempt)
            self._changed.notify()

    def put_back(self, attempts: list[Attempt]) -> None:
        """In front of all others."""
        with self._changed:
            self._attempts[:0] = attempts
            self._changed.notify()

    def wish_load(self, command: LoadCommand) -> None:
        """Only the last such wish counts, and only once there is nothing else to do."""
        with self._changed:
            self._load = command
            self._changed.notify()

    def take(self) -> Attempt | LoadCommand:
        """The oldest one, else what is to be loaded; waits for it."""
        with self._changed:
            while not (self._attempts or self._load):
                self._changed.wait()
            if self._attempts:
                return self._attempts.pop(0)
            load, self._load = self._load, None
            assert load
            return load

    def predictions(self) -> list[Attempt]:
        with self._changed:
            return [attempt for attempt in self._attempts if attempt.command.kind == "prediction"]

    def remove(self, attempt: Attempt) -> bool:
        """True when it waited: now it is the caller's alone."""
        with self._changed:
            if attempt not in self._attempts:
                return False
            self._attempts.remove(attempt)
            return True
