from collections.abc import Callable, Iterator

import pytest

from runner.tests.server import Server

StartServer = Callable[..., Server]


@pytest.fixture
def start_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartServer]:
    """Starts servers with their model process; kills whatever is left of them."""
    started: list[Server] = []

    def start(model: str = "models/echo", *options: str) -> Server:
        # A short path: a socket's address has 107 bytes.
        started.append(Server(tmp_path_factory.mktemp("r"), model, *options))
        return started[-1]

    yield start
    for server in started:
        server.stop()


@pytest.fixture
def server(start_server: StartServer) -> Server:
    """With the echo model."""
    return start_server()
