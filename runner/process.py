"""The model process: holds attempts, has them carried out on the main thread, and decides when to end. Knows nothing about
how lines travel (`session.py`) or what a model does (`runs.py`)."""

import os
import threading
import time
from dataclasses import dataclass
from typing import Any, NoReturn

from runner.attempt import Attempt
from runner.logs import LogCapture
from runner.model import Model
from runner.protocol import VERSION, AttemptCommand, Command, LoadCommand, RunCommand, Shutdown
from runner.runs import Runs
from runner.session import Session
from runner.waiting import Waiting

# A process that nobody has asked for anything, nor could have, for so long is nobody's.
ALONE_SECONDS = 600.0
# After `refused` the process is gone within 5 s, whatever the model is doing.
REFUSED_SECONDS = 4.0


@dataclass(frozen=True)
class Identity:
    """What the process says of itself."""

    process: str
    model: str
    base: str | None
    device: str


class Process:
    """`alone_seconds`: how long it waits for a server while it has nothing to do. `hang_seconds`: see `Watchdog`."""

    def __init__(
        self,
        identity: Identity,
        model: Model,
        server: str,
        logs: LogCapture,
        rest: int,
        alone_seconds: float,
        hang_seconds: float,
    ) -> None:
        self._identity = identity
        self._rest = rest
        self._alone_seconds = alone_seconds
        self._attempts: dict[tuple[str, int], Attempt] = {}
        self._waiting = Waiting()
        self._leaving = False
        self._last_use = time.monotonic()
        self._session = Session(server, self._attempts, self._greet, self._obey, self._end_when_alone, self._complain)
        self._runs = Runs(model, logs, self._waiting, self._session.announce_slots, hang_seconds)

    def serve(self) -> NoReturn:
        """Never returns: the process ends by `shutdown`, `refused`, a signal, or when it was alone for too long."""
        # Reads the predictor's file, which a model may want to do on the main thread.
        self._runs.slots()
        self._session.start()
        while True:
            self._runs.carry_out(self._waiting.take())
            self._last_use = time.monotonic()
            for attempt in self._held():
                if attempt.refused and attempt.over:
                    self._forget(attempt)
            self._leave_if_done()

    def _greet(self) -> dict[str, Any]:
        return {
            "type": "hello",
            "protocol": VERSION,
            "process": self._identity.process,
            "model": self._identity.model,
            "base": self._identity.base,
            "device": self._identity.device,
            "pid": os.getpid(),
            "slots": self._runs.slots(),
            "loaded": self._runs.loaded(),
            "runs": [
                {"run": one.command.id, "attempt": one.command.attempt, "lastSeq": one.journal.last_seq}
                for one in self._held()
                if not one.refused
            ],
        }

    def _obey(self, command: Command) -> None:
        self._last_use = time.monotonic()
        match command:
            case RunCommand():
                self._accept(command)
            case AttemptCommand():
                attempt = self._attempts.get((command.run, command.attempt))
                if attempt is not None:
                    self._tell(attempt, command)
            case LoadCommand():
                self._waiting.wish_load(command)
            case Shutdown():
                self._leaving = True
                self._leave_if_done()

    def _accept(self, command: RunCommand) -> None:
        if (command.id, command.attempt) in self._attempts:
            return
        try:
            attempt = Attempt(command, self._session.wake)
        except OSError as error:
            self._complain(f"run {command.id} cannot be taken: {error}")
            return
        with self._session.changed:
            self._attempts[attempt.key] = attempt
        self._waiting.put(attempt)

    def _tell(self, attempt: Attempt, command: AttemptCommand) -> None:
        match command.type:
            case "ack":
                self._acknowledge(attempt, command.seq)
            case "cancel":
                attempt.cancel_wished = True
                # It may wait for a long time; its end need not.
                if self._waiting.remove(attempt):
                    attempt.conclude(("canceled", {}))
                    # The server took it that a training makes no room yet: this one never will.
                    self._session.announce_slots()
            case "stop-and-keep":
                attempt.keep_wished = True
            case "save-state":
                attempt.wish_state(command.asked)
            case "refused":
                self._stop_refused(attempt)

    def _acknowledge(self, attempt: Attempt, seq: int) -> None:
        with self._session.changed:
            if attempt.unsent_from is None:
                attempt.unsent_from = attempt.journal.position_after(seq)
        if attempt.over and seq >= attempt.journal.last_seq:
            self._forget(attempt)
            self._leave_if_done()
        self._session.wake()

    def _stop_refused(self, attempt: Attempt) -> None:
        attempt.refused = True
        if attempt.over or self._waiting.remove(attempt):
            self._forget(attempt)
        self._leaving = True
        if not self._others_live(attempt):
            # The model may be deep in code that takes no turns; what else is unacknowledged has this long to be sent.
            threading.Timer(REFUSED_SECONDS, self._end).start()
            if all(one is attempt for one in self._held()):
                self._end()

    def _others_live(self, attempt: Attempt) -> bool:
        return any(one is not attempt and not one.over for one in self._held())

    def _forget(self, attempt: Attempt) -> None:
        with self._session.changed:
            if self._attempts.pop(attempt.key, None) is not None:
                attempt.journal.close()

    def _leave_if_done(self) -> None:
        if self._leaving and not self._attempts:
            self._end()

    def _end_when_alone(self) -> None:
        if any(not attempt.over for attempt in self._held()):
            return
        if time.monotonic() - max(self._last_use, self._session.lost_at) > self._alone_seconds:
            self._complain(f"no server for {self._alone_seconds:g} s: this process ends")
            self._end()

    def _held(self) -> list[Attempt]:
        return list(self._attempts.values())

    def _complain(self, sentence: str) -> None:
        os.write(self._rest, f"{sentence}\n".encode())

    def _end(self) -> NoReturn:
        # At once and from any thread. Journals are written through; nothing else of the process outlives it.
        os._exit(0)
