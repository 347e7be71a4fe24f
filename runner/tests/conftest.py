from collections.abc import Iterator
from pathlib import Path

import pytest

from runner.tests.server import Server


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    # A short path: a socket's address has 107 bytes.
    folder: Path = tmp_path_factory.mktemp("r")
    server = Server(folder)
    yield server
    server.stop()
