"""`python -m models.sdxl.obtain get|add|list|remove`: what `easel base` calls. Says what happens as lines of JSON.

Ends with 1 and a sentence on stderr where something is to be done by the user.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import time
from pathlib import Path

from huggingface_hub import logging

# The model's files import each other as top-level modules, as in Cog.
sys.path[:0] = [str(Path(__file__).parents[3]), str(Path(__file__).parents[1])]

from obtain.add import add_base, list_bases, remove_base
from obtain.get import get_base
from obtain.manifest import read_manifest
from runner import Failure

SECONDS_BETWEEN = 0.2


def main() -> int:
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    logging.set_verbosity_error()
    parser = argparse.ArgumentParser(prog="python -m models.sdxl.obtain", description="Bases on this machine.")
    parser.add_argument("--bases", type=Path, required=True, help="the folder in which bases lie")
    commands = parser.add_subparsers(dest="command", required=True)
    getting = commands.add_parser("get")
    getting.add_argument("manifest", type=Path)
    adding = commands.add_parser("add")
    adding.add_argument("name")
    adding.add_argument("path")
    commands.add_parser("list")
    commands.add_parser("remove").add_argument("name")
    given = parser.parse_args()
    try:
        for line in run(given):
            print(json.dumps(line), flush=True)
    except Failure as failure:
        print(failure.message, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def run(given: argparse.Namespace) -> list[dict]:
    match given.command:
        case "get":
            given.bases.mkdir(parents=True, exist_ok=True)
            manifest = read_manifest(given.manifest)
            return [get_base(manifest, given.bases / given.manifest.parent.name, Progress())]
        case "add":
            return [add_base(given.name, given.path, given.bases)]
        case "remove":
            remove_base(given.name, given.bases)
    return list_bases(given.bases)


class Progress:
    """Says how far it is, a few times a second."""

    def __init__(self) -> None:
        self.said_at = 0.0

    def __call__(self, done: int, total: int, place: str) -> None:
        if done < total and time.monotonic() - self.said_at < SECONDS_BETWEEN:
            return
        self.said_at = time.monotonic()
        print(json.dumps({"done": done, "total": total, "place": place}), flush=True)


if __name__ == "__main__":
    sys.exit(main())
