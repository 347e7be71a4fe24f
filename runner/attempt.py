"""One attempt at a run as this process holds it, from the server's `run` to the acknowledgement of its last event.
Knows nothing about models or sockets."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from runner.journal import Journal
from runner.protocol import RunCommand


class Attempt:
    """Its journal, what the server wishes (`cancel`, `keep`: plain booleans, set by one thread and read by another),
    and how far the server has heard."""

    def __init__(self, command: RunCommand, wake: Callable[[], None]) -> None:
        self.command = command
        self.folder = Path(command.folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.journal = Journal(self.folder, command.id, command.attempt)
        self.cancel_wished = False
        self.keep_wished = False
        self.refused = False
        # Where in the journal the next unsent byte is; None while a new connection has not said what it has.
        self.unsent_from: int | None = 0
        self._wake = wake

    @property
    def key(self) -> tuple[str, int]:
        return self.command.id, self.command.attempt

    def report(self, type: str, **fields: Any) -> None:
        """An event: to the journal, and from there to the server. Nothing, once the server has refused the attempt."""
        if self.refused:
            return
        self.journal.append(type, fields)
        self._wake()
