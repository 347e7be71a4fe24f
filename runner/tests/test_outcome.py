"""What a run that ran out of something says: a code, figures, and what to change."""

import errno

import pytest

from runner.outcome import Failure, explain


class OutOfMemoryError(RuntimeError):
    """Has the name of torch's."""


CUDA = "CUDA out of memory. Tried to allocate 20.00 MiB. GPU 0 has a total capacity of 79.11 GiB of which 12.50 MiB is free."
CPU = "[enforce fail at alloc_cpu.cpp:127] . DefaultCPUAllocator: can't allocate memory: you tried to allocate 4 bytes."


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (OutOfMemoryError(CUDA), "gpu_out_of_memory", ["E1001", "79.11 GiB", "train_batch_size"]),
        (MemoryError(), "host_out_of_memory", ["had taken up to", "GB", "num_outputs"]),
        (RuntimeError(CPU), "host_out_of_memory", ["had taken up to", "GB"]),
        (OSError(errno.ENOSPC, "No space left on device", "state.tmp"), "disk_full", ["state.tmp", "Free some space"]),
        (RuntimeError("I/O error: No space left on device (os error 28)"), "disk_full", ["Free some space"]),
        (Failure("model_error", "No space left on device"), "model_error", []),
    ],
)
def test_what_ran_out_is_named_with_figures_and_a_next_step(error: Exception, code: str, words: list[str]) -> None:
    failure = explain(error)
    assert failure.code == code
    for word in words:
        assert word in failure.message
