"""The port that leads to another one, with real sockets on loopback."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from tigctl.cli.forward import forward
from tigctl.errors import TigctlError


@pytest.fixture
def shouting() -> Iterator[int]:
    """A server that answers what it is sent, in capitals, once the sender has ended."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                heard = b""
                while data := connection.recv(65_536):
                    heard += data
                connection.sendall(heard.upper())

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def test_it_leads_there_and_back_and_ends_with_an_interrupt(shouting: int) -> None:
    port = free_port()
    script = (
        "from tigctl.cli.forward import forward\n"
        f"forward({port}, 'http://127.0.0.1:{shouting}', ready=lambda: print('ready', flush=True))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(b"hello " * 50_000)
            client.shutdown(socket.SHUT_WR)
            answer = b""
            while data := client.recv(65_536):
                answer += data
        assert answer == b"HELLO " * 50_000
        os.kill(process.pid, signal.SIGINT)
        try:
            assert process.wait(timeout=20) != 0
        finally:
            process.kill()


def test_a_port_that_is_taken_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(TigctlError, match=f"port {port} is taken"):
            forward(port, "http://127.0.0.1:9", ready=lambda: None)
