"""Fake SNMP agents for tests: a UDP socket in a thread, and how it misbehaves.

    with serving(well_behaved(OBJECTS)) as port: ...

A behaviour takes a request's bytes and returns what is sent back, in order.
"""

from __future__ import annotations

import contextlib
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence

from collectors.snmp.ber import Oid
from tests.simulator import ber
from tests.simulator.agent import Agent
from tests.simulator.model import Objects

Behaviour = Callable[[bytes], Sequence[bytes]]
"""From a request to the answers, sent in order."""

COMMUNITY = "public"


def table(entry: str, columns: Sequence[int], rows: int) -> list[tuple[str, bytes]]:
    """Objects of a table: each value is its row's number."""
    return [
        (f"{entry}.{column}.{row}", ber.integer(row))
        for column in columns
        for row in range(1, rows + 1)
    ]


SYSTEM = [
    ("1.3.6.1.2.1.1.1.0", ber.text("Fake switch")),
    ("1.3.6.1.2.1.1.2.0", ber.tlv(ber.OBJECT_ID, ber.oid("1.3.6.1.4.1.99999.1"))),
    ("1.3.6.1.2.1.1.5.0", ber.text("fake-1")),
]


def well_behaved(objects: Sequence[tuple[str, bytes]], *, max_size: int = 1472) -> Behaviour:
    """An agent that does all as it should, for v1 and v2c."""
    rows = [(dotted, ber.varbind(ber.oid(dotted), value)) for dotted, value in objects]
    agent = Agent(Objects(rows), COMMUNITY, max_size=max_size)

    def behave(request: bytes) -> Sequence[bytes]:
        answer = agent.reply(request, 0, 0.0)
        return [] if answer is None else [answer]

    return behave


def asked(request: bytes) -> tuple[int, int, list[Oid]]:
    """Kind of a request of v1 or v2c, its max-repetitions, and the OIDs it asks for."""
    _, at, _ = ber.read(request, 0)
    for _ in range(2):  # version, community
        at = ber.read(request, at)[2]
    kind, at, _ = ber.read(request, at)
    numbers = []
    for _ in range(3):
        _, start, at = ber.read(request, at)
        numbers.append(int.from_bytes(request[start:at], "big", signed=True))
    _, at, end = ber.read(request, at)
    oids: list[Oid] = []
    while at < end:
        _, start, at = ber.read(request, at)
        _, start, stop = ber.read(request, start)
        oids.append(tuple(map(int, ber.dotted(request[start:stop]).split("."))))
    return kind, numbers[2], oids


def response(
    request: bytes, varbinds: Sequence[tuple[str, bytes]], *, status: int = 0, index: int = 0
) -> bytes:
    """A response to a request of v1 or v2c."""
    _, at, _ = ber.read(request, 0)
    start = at
    for _ in range(2):
        at = ber.read(request, at)[2]
    head = request[start:at]
    _, at, _ = ber.read(request, at)
    _, _, after = ber.read(request, at)
    rows = ber.sequence(*(ber.varbind(ber.oid(dotted), value) for dotted, value in varbinds))
    body = request[at:after] + ber.integer(status) + ber.integer(index) + rows
    return ber.sequence(head, ber.tlv(ber.RESPONSE, body))


@contextlib.contextmanager
def serving(behave: Behaviour, *, address: str = "127.0.0.1", delay: float = 0.0) -> Iterator[int]:
    """Serves a behaviour on a free port, which is yielded.

    With `delay` (seconds) each request is worked on that long, one after the other, as small
    agents do.
    """
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    stop = threading.Event()
    with socket.socket(family, socket.SOCK_DGRAM) as server:
        server.bind((address, 0))

        def serve() -> None:
            while not stop.is_set():
                if not select.select([server], [], [], 0.05)[0]:
                    continue
                # Whoever asked may have closed its socket by the time the answer comes.
                with contextlib.suppress(ConnectionRefusedError):
                    request, peer = server.recvfrom(65_535)
                    if delay:
                        time.sleep(delay)
                    for answer in behave(request):
                        server.sendto(answer, peer)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield int(server.getsockname()[1])
        finally:
            stop.set()
            thread.join()
