"""Everything that is written to descriptors 1 and 2, by Python, by C code or by a child process, as lines of text.
Knows nothing about events: it hands the text to whoever attached."""

import os
import select
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

LINE_BYTES_MAX = 8192
CUT_MARK = " … (cut)"
READ_BYTES = 65_536
# How often a progress bar that has not ended its line yet is shown.
PROGRESS_SECONDS = 2.0


class LogCapture:
    """Points descriptors 1 and 2 at a pipe of its own; a thread makes text of what comes out of it. Text goes to the
    receiver of `to`, or else to the descriptor `rest`, which is the process's own log."""

    def __init__(self, rest: int) -> None:
        self._rest = rest
        self._receive = self._write_rest
        self._lines = LineBuffer()
        self._lock = threading.Lock()
        self._progress_at = 0.0
        self._pipe, write_end = os.pipe()
        os.set_blocking(self._pipe, False)
        sys.stdout.flush()
        sys.stderr.flush()
        os.dup2(write_end, 1)
        os.dup2(write_end, 2)
        os.close(write_end)
        # New objects: the old ones remember whether their descriptor was a file, and how it was buffered.
        sys.stdout, sys.stderr = _open_stream(1), _open_stream(2)
        threading.Thread(target=self._follow, name="logs", daemon=True).start()

    @contextmanager
    def to(self, receive: Callable[[str], None]) -> Iterator[None]:
        """Until the block ends text goes to `receive`, one or more whole lines at a time, without the last newline; then,
        once all that was written is handed out, an unfinished line included, to whoever had it before."""
        before = self._receive
        self._switch(receive)
        try:
            yield
        finally:
            self._switch(before)

    def _switch(self, receive: Callable[[str], None]) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        with self._lock:
            self._read()
            self._hand_out(self._lines.flush())
            self._receive = receive

    def _follow(self) -> None:
        while True:
            select.select([self._pipe], [], [], PROGRESS_SECONDS / 2)
            with self._lock:
                self._read()
                if time.monotonic() - self._progress_at >= PROGRESS_SECONDS:
                    self._progress_at = time.monotonic()
                    self._hand_out(self._lines.show_progress())

    def _read(self) -> None:
        # A pipe holds 64 kB: what was written before this call fits into the first two reads. The bound is for a child
        # that never stops writing.
        for _ in range(16):
            try:
                data = os.read(self._pipe, READ_BYTES)
            except BlockingIOError:
                return
            self._hand_out(self._lines.feed(data))

    def _hand_out(self, lines: list[str]) -> None:
        if lines:
            self._receive("\n".join(lines))

    def _write_rest(self, text: str) -> None:
        os.write(self._rest, text.encode() + b"\n")


def _open_stream(descriptor: int) -> TextIO:
    return open(descriptor, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False)


class LineBuffer:
    r"""Bytes in, whole lines of text out. A line that overwrites itself with `\r`, as progress bars do, is its last
    state; damaged UTF-8 is repaired; a line over 8 kB is cut."""

    def __init__(self) -> None:
        self._current = bytearray()
        self._state: bytes | None = None
        self._shown: bytes | None = None

    def feed(self, data: bytes) -> list[str]:
        """The lines that `data` completes."""
        *ended, begun = data.split(b"\n")
        lines = []
        for part in ended:
            self._extend(part)
            lines += self._end_line()
        self._extend(begun)
        return lines

    def flush(self) -> list[str]:
        """The unfinished line, ended here; nothing when there is none."""
        return self._end_line() if self._current or self._state is not None else []

    def show_progress(self) -> list[str]:
        """The present state of an unfinished line that overwrites itself, unless it was shown already."""
        state = self._last_state()
        if self._state is None or state == self._shown or not state.strip():
            return []
        self._shown = state
        return [_repair(state)]

    def _extend(self, data: bytes) -> None:
        first, *rewritten = data.split(b"\r")
        self._add(first)
        for part in rewritten:
            self._state = self._last_state()
            self._current.clear()
            self._add(part)

    def _add(self, part: bytes) -> None:
        # One byte over the limit is kept, so that the cut is seen.
        self._current += part[: LINE_BYTES_MAX + 1 - len(self._current)]

    def _last_state(self) -> bytes:
        return bytes(self._current) if self._current.strip() or self._state is None else self._state

    def _end_line(self) -> list[str]:
        line, shown = self._last_state(), self._shown
        self._current.clear()
        self._state = self._shown = None
        return [] if line == shown else [_repair(line)]


def _repair(line: bytes) -> str:
    # NUL is text in Unicode, but neither in SQLite's nor in Postgres' strings.
    text = line.decode("utf-8", "replace").replace("\0", "\ufffd")
    encoded = text.encode()
    if len(encoded) <= LINE_BYTES_MAX:
        return text
    return encoded[: LINE_BYTES_MAX - len(CUT_MARK.encode())].decode("utf-8", "ignore") + CUT_MARK
