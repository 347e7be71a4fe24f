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
        self._left_alone = self._concluded = False
        self._state_asked, self._state_wished = "", False
        self._wake = wake

    @property
    def key(self) -> tuple[str, int]:
        return self.command.id, self.command.attempt

    @property
    def over(self) -> bool:
        """Its last word is written down, or nobody wants to hear it: what a model does about it counts no more."""
        return self._concluded or self.journal.ended

    @property
    def alone(self) -> bool:
        """Not to be answered together with others. One that a process was lost over could take them along again."""
        return self._left_alone or self.command.attempt > 1

    def leave_alone(self) -> "Attempt":
        self._left_alone = True
        return self

    def wish_state(self, asked: str) -> None:
        """The server repeats a wish until a state comes: `asked`, its time, tells it from the next."""
        if asked != self._state_asked:
            self._state_asked = asked
            self._state_wished = True

    def take_state_wish(self) -> bool:
        """Whether a training state was asked for since the last call."""
        wished, self._state_wished = self._state_wished, False
        return wished

    def conclude(self, ending: tuple[str, dict[str, Any]]) -> None:
        """Its last word, unless that was said before."""
        if self.over:
            return
        type, fields = ending
        self.report(type, **fields)
        self._concluded = True

    def report(self, type: str, **fields: Any) -> None:
        """An event: to the journal, and from there to the server. Nothing, once the server has refused the attempt."""
        if self.refused:
            return
        self.journal.append(type, fields)
        self._wake()
