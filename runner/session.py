"""The connection to the server: dial, greet, send what it does not have, hand on what it says; and again, for as long
as the process lives. Knows nothing about what a run is, only journals and how far each was sent."""

import socket
import threading
import time
from collections.abc import Callable
from typing import Any

from runner.attempt import Attempt
from runner.protocol import LINE_BYTES_MAX, Command, ProtocolError, parse_command, write_report

REDIAL_SECONDS = 0.25
REDIAL_SECONDS_MAX = 2.0
# A process that is silent for longer than its lease (15 s) loses its run; a model may be silent for minutes.
ALIVE_SECONDS = 3.0


class Session:
    """`greet` makes the hello line's content, `obey` takes each command, `alone` is called before each try to dial.
    The attempts' table belongs to whoever owns `changed`: it is read and changed with that lock held."""

    def __init__(
        self,
        path: str,
        attempts: dict[tuple[str, int], Attempt],
        greet: Callable[[], dict[str, Any]],
        obey: Callable[[Command], None],
        alone: Callable[[], None],
        complain: Callable[[str], None],
    ) -> None:
        self.changed = threading.Condition()
        # When the server was last there; at first, when we began to look for it.
        self.lost_at = time.monotonic()
        self._path = path
        self._attempts = attempts
        self._greet = greet
        self._obey = obey
        self._alone = alone
        self._complain = complain
        self._connection: socket.socket | None = None
        self._slots_unsaid = False

    def start(self) -> None:
        threading.Thread(target=self._dial_forever, name="session", daemon=True).start()
        threading.Thread(target=self._send_forever, name="sender", daemon=True).start()

    def wake(self) -> None:
        """There is something new to send."""
        with self.changed:
            self.changed.notify_all()

    def announce_slots(self) -> None:
        """What the process can take is no longer what it said last."""
        with self.changed:
            self._slots_unsaid = True
            self.changed.notify_all()

    def _dial_forever(self) -> None:
        delay_seconds = REDIAL_SECONDS
        while True:
            self._alone()
            connection = socket.socket(socket.AF_UNIX)
            try:
                connection.connect(self._path)
                self._talk(connection)
                delay_seconds = REDIAL_SECONDS
            except OSError:
                delay_seconds = min(delay_seconds * 2, REDIAL_SECONDS_MAX)
            finally:
                self._hang_up(connection)
            time.sleep(delay_seconds)

    def _talk(self, connection: socket.socket) -> None:
        with self.changed:
            for attempt in self._attempts.values():
                attempt.unsent_from = None
            hello = self._greet()
            self._slots_unsaid = False
        connection.sendall(write_report(hello))
        with self.changed:
            self._connection = connection
            self.changed.notify_all()
        with connection.makefile("rb") as lines:
            while line := lines.readline(LINE_BYTES_MAX + 1):
                try:
                    command = parse_command(line)
                except ProtocolError as error:
                    self._complain(f"a line of the server is not in the protocol: {error}")
                    continue
                self._obey(command)

    def _hang_up(self, connection: socket.socket) -> None:
        with self.changed:
            if self._connection is not None:
                self.lost_at = time.monotonic()
            self._connection = None
        connection.close()

    def _send_forever(self) -> None:
        while True:
            connection, lines = self._wait_for_lines()
            try:
                connection.sendall(lines)
            except OSError:
                # The reader sees it too and dials anew; what was not acknowledged is read from the journal again.
                _shut(connection)

    def _wait_for_lines(self) -> tuple[socket.socket, bytes]:
        """What to send next: lines of a journal, or a sign of life when there have been none for a while."""
        with self.changed:
            while True:
                lines = self._next_lines() if self._connection is not None else b""
                if not lines and not self.changed.wait(ALIVE_SECONDS):
                    lines = write_report({"type": "alive"})
                if lines and self._connection is not None:
                    return self._connection, lines

    def _next_lines(self) -> bytes:
        if self._slots_unsaid:
            self._slots_unsaid = False
            hello = self._greet()
            return write_report({"type": "slots", **hello["slots"], "loaded": hello["loaded"]})
        for attempt in self._attempts.values():
            if attempt.unsent_from is not None:
                lines = attempt.journal.read_lines(attempt.unsent_from)
                attempt.unsent_from += len(lines)
                if lines:
                    return lines
        return b""


def _shut(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass  # closed already
