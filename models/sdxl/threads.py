"""How many CPU threads the operations of a batch get: one, as all else here, or one for each core while those are idle.

On two idle cores four pictures take two thirds of the time with a second thread. Beside one other busy process they take two to
three times as long, for threads wait for each other at each operation. Knows nothing about pictures.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from base import Conditioning
from sampling import Network

THREADS_MAX = 4
# Of the cores that more threads would take, so much has to have been idle.
IDLE_SHARE = 0.7
# Where Linux says what its cores have done; elsewhere there is one thread.
STAT = Path("/proc/stat")


class Threads:
    """Outside its blocks the number of threads is what it was. It stays so inside them where the work is not `shared`, where the
    device is no CPU, and where OMP_NUM_THREADS says how many there are to be."""

    def __init__(self, device: torch.device, shared: bool) -> None:
        self._own = self._count = torch.get_num_threads()
        may_change = shared and device.type == "cpu" and "OMP_NUM_THREADS" not in os.environ and STAT.is_file()
        self._most = max(self._own, min(THREADS_MAX, _count_cores())) if may_change else self._own

    def over(self, network: Network) -> Network:
        """The network, each step of which shows how many threads are best for the next."""
        return _Timed(network, self) if self._most > self._own else network

    @contextmanager
    def step(self) -> Iterator[None]:
        """Takes all threads after a step that left the cores idle. One that takes longer with them was the last with them."""
        started, idle = time.perf_counter(), _idle_seconds()
        with self.as_many():
            yield
        seconds, idle = time.perf_counter() - started, _idle_seconds() - idle
        if self._count == self._own:
            self._seconds_alone = seconds
            self._count = self._most if idle >= IDLE_SHARE * (self._most - self._own) * seconds else self._own
        elif seconds > self._seconds_alone:
            self._count = self._most = self._own

    @contextmanager
    def as_many(self) -> Iterator[None]:
        """As many threads as the next step gets."""
        torch.set_num_threads(self._count)
        try:
            yield
        finally:
            torch.set_num_threads(self._own)


class _Timed:
    def __init__(self, network: Network, threads: Threads) -> None:
        self.network, self.threads = network, threads

    def predict(self, noisy_BCHW: torch.Tensor, t: torch.Tensor, conditioning: Conditioning) -> torch.Tensor:
        with self.threads.step():
            return self.network.predict(noisy_BCHW, t, conditioning)


def _count_cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _idle_seconds() -> float:
    """What all cores together have been idle since the machine began."""
    _, _user, _nice, _system, idle, *_ = STAT.read_text().split(maxsplit=5)
    return int(idle) / os.sysconf("SC_CLK_TCK")
