"""The events of one attempt, in a file, numbered from 1: what is not in it did not happen. Whatever is sent is read
from this file, so that the first sending and a replay are the same bytes. Knows nothing about sockets."""

import os
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from runner.files import sync
from runner.protocol import LINE_BYTES_MAX, TERMINAL, write_report

# What the server acts upon: such events are on the disk for good before they are sent. A log line lost with the power
# is not worth a disk's wait for each print.
DURABLE = TERMINAL | {"sample", "artifact", "state", "snapshot", "output", "chunk"}


class JournalBroken(BaseException):
    """The journal cannot be written any more, so nothing that the process does counts. Not an `Exception`: no model is
    to catch it and go on."""


class Journal:
    """Appends to `<folder>/events.jsonl`, which must not exist yet: an attempt is told once. Safe to use from several
    threads. A process killed while it appends may leave a last line without its newline; readers pass over it."""

    def __init__(self, folder: Path, run: str, attempt: int) -> None:
        self._identity = {"run": run, "attempt": attempt}
        self._lock = threading.Lock()
        self.path = folder / "events.jsonl"
        self._descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o644)
        sync(folder)
        self.size_bytes = 0
        self.last_seq = 0
        self.ended = False

    def append(self, type: str, fields: dict[str, Any]) -> None:
        """Numbers the event and writes it. After a terminal event nothing more is taken. Raises ProtocolError for an
        event that is not in the protocol, JournalBroken when the disk does not take it."""
        with self._lock:
            if self.ended:
                return
            seq = self.last_seq + 1
            at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
            line = write_report({"type": type, **self._identity, "seq": seq, "at": at, **fields})
            self._write(line, durable=type in DURABLE)
            self.last_seq = seq
            self.size_bytes += len(line)
            self.ended = type in TERMINAL

    def position_after(self, seq: int) -> int:
        """The byte at which event `seq + 1` begins."""
        with open(self.path, "rb") as file:
            for _ in range(min(seq, self.last_seq)):
                file.readline()
            return file.tell()

    def read_lines(self, position: int) -> bytes:
        """The next whole lines from `position` on; empty when there are none yet."""
        data = os.pread(self._descriptor, min(self.size_bytes - position, 2 * LINE_BYTES_MAX), position)
        return data[: data.rfind(b"\n") + 1]

    def _write(self, line: bytes, durable: bool) -> None:
        try:
            while line:
                line = line[os.write(self._descriptor, line) :]
            if durable:
                os.fsync(self._descriptor)
        except OSError as error:
            # Half a line may stand there: another one after it would be lost with it.
            self.ended = True
            raise JournalBroken(f"{self.path}: {error}") from error

    def close(self) -> None:
        with self._lock:
            self.ended = True
            os.close(self._descriptor)
