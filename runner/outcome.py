"""The two ways out of a model function besides its result. Knows nothing about what raised them."""

import errno
import os
import resource


class Canceled(BaseException):
    """Raised by `turn()` when the run is to stop. Not an `Exception`, so that a model's `except Exception` around a
    step does not swallow it."""


class Failure(Exception):
    """Raise it to fail a run with a code that programs read and a sentence that people read."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


SMALLER = (
    "Lower train_batch_size, resolution or lora_rank of a training, width, height or num_outputs of a prediction, or end "
    "what else takes memory."
)

LOOK = "Read in the run's log where that was."


def explain(error: BaseException) -> Failure:
    """What a run's `failed` event says about `error`: a code and one sentence; the traceback belongs in the log."""
    if isinstance(error, Failure):
        return error
    words = " ".join(str(error).split())[:1000]
    named = f"{type(error).__name__}: {words}" if words else type(error).__name__
    # By name, because torch, whose class it is, is no part of the runner.
    if type(error).__name__ == "OutOfMemoryError":
        # Its own words hold the figures. The number is Replicate's.
        return Failure("gpu_out_of_memory", f"The GPU ran out of memory (E1001). {words} {SMALLER}")
    if isinstance(error, MemoryError) or "can't allocate memory" in words:
        return Failure("host_out_of_memory", f"This machine ran out of memory. {_memory_in_words()} {SMALLER}")
    if isinstance(error, OSError) and error.errno == errno.ENOSPC or "No space left on device" in words:
        return Failure("disk_full", f"The disk is full. {named} Free some space and run it again.")
    if isinstance(error, SystemExit):
        return Failure("model_error", f"The model ended its process by itself (exit code {error.code}). {LOOK}")
    return Failure("model_error", f"The model failed with {named.rstrip('.')}. {LOOK}")


def _memory_in_words() -> str:
    """What this process had taken at most, and what the machine has."""
    # Linux counts in kibibytes.
    taken = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    there = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return f"This process had taken up to {taken / 1e9:.1f} GB of its {there / 1e9:.1f} GB."
