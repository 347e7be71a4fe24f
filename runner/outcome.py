"""The two ways out of a model function besides its result. Knows nothing about what raised them."""

import errno


class Canceled(BaseException):
    """Raised by `turn()` when the run is to stop. Not an `Exception`, so that a model's `except Exception` around a
    step does not swallow it."""


class Failure(Exception):
    """Raise it to fail a run with a code that programs read and a sentence that people read."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def explain(error: BaseException) -> Failure:
    """What a run's `failed` event says about `error`: a code and one sentence; the traceback belongs in the log."""
    if isinstance(error, Failure):
        return error
    words = " ".join(str(error).split())[:1000]
    named = f"{type(error).__name__}: {words}" if words else type(error).__name__
    # By name, because torch, whose class it is, is no part of the runner.
    if type(error).__name__ == "OutOfMemoryError":
        return Failure("gpu_out_of_memory", f"The device ran out of memory. {named}")
    if isinstance(error, MemoryError):
        return Failure("host_out_of_memory", "This machine ran out of memory.")
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return Failure("disk_full", f"The disk is full. {named}")
    if isinstance(error, SystemExit):
        return Failure("model_error", f"The model ended its process by itself (exit code {error.code}).")
    return Failure("model_error", f"The model failed with {named}")
