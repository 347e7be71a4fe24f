"""Compares what is installed with requirement files and prints what differs, a line each.

Run by set-up with the environment's own Python. Knows nothing of how packages get there.
"""

import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from pip._vendor.packaging.requirements import Requirement


def main(paths: list[str]) -> None:
    for path in paths:
        for line in Path(path).read_text().splitlines():
            text = line.split("#")[0].strip()
            if text and not text.startswith("-"):
                compare(Requirement(text))
    if installed("torchvision"):
        print("torchvision is installed, which comes with a torch of its own")


def compare(wanted: Requirement) -> None:
    """Prints a line unless the package is there in a version that fits. A build such as +cpu counts as its version."""
    if wanted.marker is not None and not wanted.marker.evaluate():
        return
    found = installed(wanted.name)
    if found is None:
        print(f"{wanted.name} is missing")
    elif not wanted.specifier.contains(found, prereleases=True):
        print(f"{wanted.name} is {found}, not {wanted.specifier}")


def installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


main(sys.argv[1:])
