"""A farm of simulated SNMP switches in one process, for benchmarks and for slow devices.

    python -m tests.simulator.farm --devices 500 --ports 48 --base 127.30.0.1 --dead 25

One UDP socket serves every address of 127.0.0.0/8 (Linux only): the kernel says which one a
request was sent to (IP_PKTINFO), and the answer leaves from it. Device N has the N-th address
from --base on, without those that end in .0 or .255; the dead ones are spread evenly. Writes
`ready` and what it serves as one line of JSON to standard output, then its statistics as one
more line on SIGUSR1 and at its end (SIGTERM, SIGINT).
"""

from __future__ import annotations

import argparse
import contextlib
import heapq
import ipaddress
import json
import select
import signal
import socket
import struct
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tests.simulator import model
from tests.simulator.agent import Agent

_PKTINFO = struct.Struct("=I4s4s")  # struct in_pktinfo: interface, local address, destination
_IP_PKTINFO = 8  # Linux; Python names it from 3.12 on
_SO_RCVBUFFORCE = 33
_BURST = 512  # requests answered before delayed answers get their turn


@dataclass(slots=True)
class Device:
    """One address. `delay` is in seconds from request to answer; `requests` counts."""

    number: int
    address: str
    agent: Agent | None  # None: dead, never answers
    delay: float = 0.0
    requests: int = 0


@dataclass(slots=True)
class Statistics:
    """What went over the socket. `silent`: requests that got no answer on purpose."""

    packets_in: int = 0
    packets_out: int = 0
    silent: int = 0
    malformed: int = 0
    octets_in: int = 0
    octets_out: int = 0
    started: float = field(default_factory=time.monotonic)


class Farm:
    """The socket, and which device lives at which address."""

    def __init__(self, *, bind: str = "0.0.0.0", port: int = 0) -> None:  # noqa: S104  # it serves all of loopback; nothing else is routed to 127/8
        self.devices: dict[bytes, Device] = {}
        self.statistics = Statistics()
        self._stopping = False
        self._asked_for_statistics = False
        self._delayed: list[tuple[float, int, bytes, bytes, tuple[str, int]]] = []
        self._listeners: dict[int, socket.socket] = {}
        self._poll = select.poll()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_IP, _IP_PKTINFO, 1)
        # Room for the burst when all devices are asked at once; only root may pass the limit.
        for option in (socket.SO_RCVBUF, _SO_RCVBUFFORCE):
            with contextlib.suppress(OSError):
                self._socket.setsockopt(socket.SOL_SOCKET, option, 16 << 20)
        self._socket.bind((bind, port))
        self._socket.setblocking(False)
        self._poll.register(self._socket, select.POLLIN)
        self.port: int = self._socket.getsockname()[1]

    def add(self, device: Device) -> None:
        """Serves one more device."""
        self.devices[socket.inet_aton(device.address)] = device

    def listen(self, address: str, port: int) -> None:
        """Accepts TCP connections there and closes them: something for a TCP check."""
        listener = socket.create_server((address, port), backlog=64)
        listener.setblocking(False)
        self._listeners[listener.fileno()] = listener
        self._poll.register(listener, select.POLLIN)

    def stop(self, *_: object) -> None:
        """Ends serve(); usable as a signal handler."""
        self._stopping = True

    def ask_for_statistics(self, *_: object) -> None:
        """Makes serve() print them; usable as a signal handler."""
        self._asked_for_statistics = True

    def serve(self) -> None:
        """Answers until stop() is called."""
        while not self._stopping:
            wait = 1000.0
            if self._delayed:
                wait = min(wait, max(0.0, (self._delayed[0][0] - time.monotonic()) * 1000))
            for descriptor, _ in self._poll.poll(wait):
                if descriptor == self._socket.fileno():
                    self._answer()
                else:
                    self._accept(self._listeners[descriptor])
            while self._delayed and self._delayed[0][0] <= time.monotonic():
                _, _, answer, address, peer = heapq.heappop(self._delayed)
                self._send(answer, address, peer)
            if self._asked_for_statistics:
                self._asked_for_statistics = False
                print(json.dumps(self.report()), flush=True)

    @contextlib.contextmanager
    def in_background(self) -> Iterator[Farm]:
        """Answers in a thread meanwhile; then the ports are given back."""
        thread = threading.Thread(target=self.serve)
        thread.start()
        try:
            yield self
        finally:
            self.stop()
            bound, port = self._socket.getsockname()
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as waker:
                # It looks up from its wait. What is bound to all addresses hears this one too.
                waker.sendto(b"", ("127.0.0.1" if bound == "0.0.0.0" else bound, port))  # noqa: S104
            thread.join()
            self.close()

    def close(self) -> None:
        """Gives the ports back."""
        for listener in self._listeners.values():
            listener.close()
        self._socket.close()

    def report(self) -> dict[str, object]:
        """The statistics; per device the number of requests that reached it, by address."""
        now, statistics = time.monotonic(), self.statistics
        agents = {id(d.agent): d.agent for d in self.devices.values() if d.agent}
        return {
            "seconds": round(now - statistics.started, 3),
            "packets_in": statistics.packets_in,
            "packets_out": statistics.packets_out,
            "octets_in": statistics.octets_in,
            "octets_out": statistics.octets_out,
            "varbinds": sum(agent.varbinds for agent in agents.values()),
            "silent": statistics.silent,
            "malformed": statistics.malformed,
            "cpu_seconds": round(time.process_time(), 3),
            "requests": {device.address: device.requests for device in self.devices.values()},
        }

    def _answer(self) -> None:
        receive, devices, statistics = self._socket.recvmsg, self.devices, self.statistics
        space = socket.CMSG_SPACE(_PKTINFO.size)
        for _ in range(_BURST):
            try:
                data, ancillary, _, peer = receive(8192, space)
            except BlockingIOError:
                return
            address = ancillary[0][2][8:12]
            statistics.packets_in += 1
            statistics.octets_in += len(data)
            device = devices.get(address)
            if device is None or device.agent is None:
                statistics.silent += 1
                if device:
                    device.requests += 1
                continue
            device.requests += 1
            now = time.monotonic()
            try:
                answer = device.agent.reply(data, device.number, now - statistics.started)
            except (IndexError, ValueError):
                statistics.malformed += 1
                continue
            if answer is None:
                statistics.silent += 1
            elif device.delay:
                item = (now + device.delay, statistics.packets_in, answer, address, peer)
                heapq.heappush(self._delayed, item)
            else:
                self._send(answer, address, peer)

    def _send(self, answer: bytes, address: bytes, peer: tuple[str, int]) -> None:
        source = (socket.SOL_IP, _IP_PKTINFO, _PKTINFO.pack(0, address, b"\0\0\0\0"))
        # Whoever asked may be gone by now; a device would not notice either.
        with contextlib.suppress(OSError):
            self._socket.sendmsg((answer,), (source,), 0, peer)
            self.statistics.packets_out += 1
            self.statistics.octets_out += len(answer)

    @staticmethod
    def _accept(listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            listener.accept()[0].close()


def addresses(base: str, step: int = 1) -> Iterator[str]:
    """Every `step`-th address from `base` on, without those that end in .0 or .255."""
    number = int(ipaddress.IPv4Address(base))
    while True:
        if number & 0xFF not in (0, 0xFF):
            yield str(ipaddress.IPv4Address(number))
        number += step


def spread(devices: int, dead: int) -> frozenset[int]:
    """Numbers (from 1) of the dead devices: evenly spread, never the first."""
    return (
        frozenset((index + 1) * devices // dead for index in range(dead)) if dead else frozenset()
    )


@dataclass(frozen=True)
class Layout:
    """What a farm serves; equal layouts are served on the same addresses."""

    devices: int
    ports: int = 48
    dead: int = 0
    base: str = "127.30.0.1"
    community: str = "public"
    delays: tuple[tuple[int, float], ...] = ()
    step: int = 1

    def build(self) -> list[Device]:
        """The devices, numbered from 1; device 1 is named sim-00001 and has the first address."""
        agent = Agent(model.switch(self.ports), self.community)
        dead, delays = spread(self.devices, self.dead), dict(self.delays)
        free = addresses(self.base, self.step)
        return [
            Device(
                number=number,
                address=next(free),
                agent=None if number in dead else agent,
                delay=delays.get(number, 0.0),
            )
            for number in range(1, self.devices + 1)
        ]


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="farm", description=(__doc__ or "").partition("\n")[0])
    add = parser.add_argument
    add("--devices", type=int, default=1)
    add("--ports", type=int, default=48)
    add("--dead", type=int, default=0, help="how many of the devices never answer")
    add("--base", default="127.30.0.1", help="first address (default %(default)s)")
    add("--step", type=int, default=1, help="devices have every so many-th address")
    add("--bind", default="0.0.0.0", help="address of the socket (default %(default)s)")  # noqa: S104  # see Farm
    add("--port", type=int, default=1161, help="UDP port; 0 takes a free one")
    add("--community", default="public")
    add("--delay", action="append", default=[], metavar="N=S", help="device N answers after S s")
    add("--tcp", action="append", default=[], metavar="ADDRESS:PORT", help="accept TCP there")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; see the module's docstring."""
    options = _arguments(arguments)
    delays = tuple((int(n), float(s)) for n, _, s in (d.partition("=") for d in options.delay))
    layout = Layout(
        options.devices,
        options.ports,
        options.dead,
        options.base,
        options.community,
        delays,
        options.step,
    )
    try:
        farm = Farm(bind=options.bind, port=options.port)
        for place in options.tcp:
            address, _, port = place.rpartition(":")
            farm.listen(address, int(port))
    except OSError as error:
        print(f"farm: cannot listen: {error}", file=sys.stderr)
        return 1
    for device in layout.build():
        farm.add(device)
    for ending in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ending, farm.stop)
    signal.signal(signal.SIGUSR1, farm.ask_for_statistics)
    print(json.dumps({"ready": len(farm.devices), "port": farm.port}), flush=True)
    farm.serve()
    farm.close()
    print(json.dumps(farm.report()), flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
