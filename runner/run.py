"""The frame of an attempt: where what it prints and reports goes, and the last word that it ends with. Knows nothing about
what is done in it."""

import faulthandler
import os
import tempfile
import time
import traceback
from collections.abc import Callable
from typing import Any, NoReturn

from runner.attempt import Attempt
from runner.journal import JournalBroken
from runner.listener import RunListener
from runner.logs import LogCapture
from runner.outcome import Canceled, Failure, explain
from runner.report import heard_by

# The type of an attempt's last event, and its fields.
Ending = tuple[str, dict[str, Any]]


def execute(attempt: Attempt, listener: RunListener, logs: LogCapture, work: Callable[[], None]) -> None:
    """Ends with one of `done`, `failed` and `canceled`, after everything else the run has to say. Raises JournalBroken when
    nothing can be said any more."""
    started = time.monotonic()
    with logs.to(listener.log), heard_by(listener):
        try:
            work()
            ending = done_since(started)
        except JournalBroken:
            raise
        except BaseException as error:  # noqa: BLE001 — whatever a model raises, sys.exit() included, ends its run only
            ending = ending_by(error)
    attempt.conclude(ending)


def end_hanging(attempt: Attempt, seconds: float) -> NoReturn:
    """Ends this process, whose training has taken no turn for so long, when all is written down that the next one should
    know: where every thread stands, and that this attempt is lost."""
    with tempfile.TemporaryFile("w+") as file:
        faulthandler.dump_traceback(file, all_threads=True)
        file.seek(0)
        stacks = file.read()
    sentence = f"The training has taken no turn for {seconds:.0f} seconds, so its process was ended."
    attempt.report("log", text=f"{sentence} This is where it stood:\n{stacks}")
    attempt.conclude(("lost", {"code": "hang", "error": f"{sentence} Read in its log where it stood."}))
    os._exit(1)


def done_since(started: float) -> Ending:
    return "done", {"seconds": round(time.monotonic() - started, 3)}


def ending_by(error: BaseException) -> Ending:
    """What an attempt says last about an error. Prints the traceback of one that nobody meant."""
    if isinstance(error, Canceled):
        return "canceled", {}
    if not isinstance(error, Failure) or error.__cause__:
        traceback.print_exception(error)
    failure = explain(error)
    return "failed", {"code": failure.code, "error": failure.message}
