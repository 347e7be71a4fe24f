"""`python -m runner`: a model process (`--server …`), the model's schema (`schema`), or all that a server wants to know
of a folder (`describe`). Run it from the repository's root."""

import argparse
import contextlib
import faulthandler
import json
import os
import signal
import sys
import threading
import traceback
from pathlib import Path
from types import TracebackType
from typing import NoReturn

from runner.model import Model
from runner.schema import model_schema
from runner.trouble import ModelTrouble


def main() -> None:
    arguments = _read_arguments()
    base = Path(arguments.base) if arguments.base else None
    if arguments.command == "serve":
        _serve(arguments, base)
    try:
        # What a module prints while it is imported is not the answer.
        with contextlib.redirect_stdout(sys.stderr):
            model = Model(Path(arguments.model), base)
            schema = model_schema(model)
    except ModelTrouble as trouble:
        sys.exit(str(trouble))
    needs = "gpu" if model.entries.wants_gpu else "cpu"
    told = schema if arguments.command == "schema" else {"schema": schema, "needs": needs}
    sys.stdout.write(json.dumps(told, indent=2) + "\n")


def _serve(arguments: argparse.Namespace, base: Path | None) -> NoReturn:
    from runner.logs import LogCapture
    from runner.process import Identity, Process

    folder = Path(arguments.folder)
    folder.mkdir(parents=True, exist_ok=True)
    rest = os.open(folder / "stderr", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    _die_loudly(rest)
    logs = LogCapture(rest)
    model = Model(Path(arguments.model), base, arguments.device)
    identity = Identity(arguments.process, arguments.model, base.name if base else None, arguments.device)
    Process(identity, model, arguments.server, logs, rest, arguments.alone_seconds, arguments.hang_seconds).serve()


def _die_loudly(rest: int) -> None:
    """What kills the process is written to `rest`, the true stderr. A thread of the runner that fails ends the process:
    half a runner would hold its run for ever."""
    faulthandler.enable(rest, all_threads=True)
    # The server asks for the stacks of a process that hangs.
    faulthandler.register(signal.SIGUSR1, rest, all_threads=True)

    def die(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
        os.write(rest, "".join(traceback.format_exception(kind, error, trace)).encode("utf-8", "replace"))
        os._exit(1)

    sys.excepthook = die
    default = threading.excepthook
    ours = {"logs", "session", "sender", "watchdog"}

    def die_with_thread(failure: threading.ExceptHookArgs) -> None:
        if failure.thread is not None and failure.thread.name in ours:
            die(failure.exc_type, failure.exc_value, failure.exc_traceback)
        default(failure)

    threading.excepthook = die_with_thread


def _read_arguments() -> argparse.Namespace:
    from runner.process import ALONE_SECONDS
    from runner.watchdog import PATIENCE_SECONDS

    parser = argparse.ArgumentParser(prog="python -m runner", description=__doc__)
    parser.add_argument("command", nargs="?", choices=["serve", "schema", "describe"], default="serve")
    parser.add_argument("--model", required=True, help="folder of the model, such as models/sdxl")
    parser.add_argument("--base", help="folder of the base, such as bases/emoji")
    parser.add_argument("--server", help="the socket to dial")
    parser.add_argument("--process", help="this process's id")
    parser.add_argument("--device", default="cpu", help="cpu or cuda:0")
    parser.add_argument("--folder", help="where the process's own stderr goes")
    parser.add_argument("--alone-seconds", type=float, default=ALONE_SECONDS, help=argparse.SUPPRESS)
    parser.add_argument("--hang-seconds", type=float, default=PATIENCE_SECONDS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.command == "serve" and not (arguments.server and arguments.process and arguments.folder):
        parser.error("--server, --process and --folder are needed")
    return arguments


if __name__ == "__main__":
    main()
