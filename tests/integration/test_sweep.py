"""The sweep itself on loopback: who is asked what and how often, with a farm of agents, agents
that answer nonsense, and without the right to ping.

Left out: SNMPv3 and IPv6 (test_discover.py has both), and how fast it is (tests/bench).
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from collectors.discovery.model import Kept, Options, Progress, Seen, Swept
from collectors.discovery.sweep import sweep
from collectors.discovery.targets import Targets, hosts
from collectors.login import Community, Login, Secret
from collectors.snmp.credentials import prepare
from tests.simulator import model
from tests.simulator.agent import Agent
from tests.simulator.farm import Device, Farm

pytestmark = pytest.mark.real

NETWORK = "127.82.1.0/24"
OPTIONS = Options(rate=5_000, patience=0.5)
LOGINS = [Community(name, "2c", Secret(name)) for name in ("first", "second", "third")]
REAL_SOCKET = socket.socket


def unseen(_: object) -> None:
    """Nobody looks."""


def swept(
    targets: Targets,
    logins: list[Community] = LOGINS,
    *,
    observe: Callable[[Progress], None] = unseen,
    keep: Callable[[Kept], None] = unseen,
    kept: Kept | None = None,
) -> dict[str, Seen]:
    found = run(targets, logins, observe=observe, keep=keep, kept=kept)
    return {one.address: one for one in found.seen}


def run(targets: Targets, logins: list[Community], **more: object) -> Swept:
    keys = [prepare(login, {login.name: login.name}) for login in list[Login](logins)]
    more = {"observe": unseen, "keep": unseen, **more}
    return sweep(targets, keys, OPTIONS, **more)  # type: ignore[arg-type]  # as swept() says


def farm(devices: dict[str, str]) -> contextlib.AbstractContextManager[Farm]:
    """Agents by address with their community, all else silent, on one port of loopback."""
    serving = Farm()
    objects = model.switch(1)
    for number, (address, community) in enumerate(devices.items(), 1):
        serving.add(Device(number, address, Agent(objects, community)))
    return serving.in_background()


def test_everybody_is_found_with_the_first_login_that_fits() -> None:
    names = ["first", "second", "third", "nobody-knows"]
    devices = {f"127.82.1.{n}": names[n % 4] for n in range(1, 41)}
    with farm(devices) as serving:
        found = swept(Targets([hosts(NETWORK)], serving.port))
        asked = serving.report()["requests"]
    assert isinstance(asked, dict)
    fitting = {address: one.credentials for address, one in found.items()}
    assert fitting == {f"127.82.1.{n}": "" for n in range(1, 255)} | {
        address: name if name != "nobody-knows" else "" for address, name in devices.items()
    }
    assert all(one.ping for one in found.values())
    assert found["127.82.1.1"].sys_name == "sim-00001"
    assert found["127.82.1.1"].sys_object_id == model.NET_SNMP_LINUX
    # Who has answered hears no other community; with nothing lost nobody is asked twice.
    assert {address: asked[address] for address in devices} == {
        address: names.index(name) + 1 if name != "nobody-knows" else 3
        for address, name in devices.items()
    }


def test_a_closed_port_needs_no_second_login() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.82.1.1", 0))
        port = free.getsockname()[1]
    found = swept(Targets([hosts("127.82.1.1/32")], port))
    assert found == {"127.82.1.1": Seen("127.82.1.1", port, ping=True, closed=True)}


def answering(replies: Callable[[bytes], list[bytes]]) -> contextlib.AbstractContextManager[int]:
    """Something at 127.82.1.7 that answers with these datagrams; yields its port."""

    @contextlib.contextmanager
    def serving() -> Iterator[int]:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as place:
            place.bind(("127.82.1.7", 0))

            def serve() -> None:
                while True:
                    data, peer = place.recvfrom(4096)
                    if data == b"end":
                        return
                    for reply in replies(data):
                        place.sendto(reply, peer)

            thread = threading.Thread(target=serve)
            thread.start()
            try:
                yield place.getsockname()[1]
            finally:
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ending:
                    ending.sendto(b"end", place.getsockname())
                thread.join()

    return serving()


def test_what_is_no_snmp_is_told() -> None:
    with answering(lambda _: [b"HTTP/1.0 400 Bad Request", b"", b"0\x84\xff\xff\xff\xff"]) as port:
        found = swept(Targets([hosts("127.82.1.7/32")], port))
    assert found["127.82.1.7"].trouble.startswith("what answers is no SNMP: ")
    assert not found["127.82.1.7"].snmp


def test_an_answer_with_another_request_s_number_is_no_answer() -> None:
    agent = Agent(model.switch(1), "first")

    def replayed(data: bytes) -> list[bytes]:
        reply = agent.reply(data, 1, 0.0)
        if reply is None:
            return []
        at = data.index(b"\xa0") + 4  # the request id, four bytes at most
        return [reply.replace(data[at : at + 3], b"\x01\x01\x01")]

    with answering(replayed) as port:
        found = swept(Targets([hosts("127.82.1.7/32")], port), LOGINS[:1])
    assert not found["127.82.1.7"].snmp


def forbid_ping(monkeypatch: pytest.MonkeyPatch) -> None:
    class Guarded(REAL_SOCKET):
        def __init__(
            self, family: int = -1, kind: int = -1, proto: int = -1, fileno: int | None = None
        ) -> None:
            if proto in (socket.IPPROTO_ICMP, socket.IPPROTO_ICMPV6):
                raise PermissionError(1, "Operation not permitted")
            super().__init__(family, kind, proto, fileno)

    monkeypatch.setattr(socket, "socket", Guarded)


def test_without_the_right_to_ping_snmp_still_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    devices = {"127.82.1.5": "second"}
    with farm(devices) as serving:
        forbid_ping(monkeypatch)
        found = run(Targets([hosts("127.82.1.0/28")], serving.port), LOGINS[:2])
        asked = Counter(serving.report()["requests"])  # type: ignore[call-overload]  # it is a dict
    assert [(one.address, one.credentials, one.ping) for one in found.seen] == [
        ("127.82.1.5", "second", False)
    ]
    assert "net.ipv4.ping_group_range" in found.unpinged
    assert asked["127.82.1.5"] == 2


DATAGRAMS = """
from collectors.discovery.echo import Echo
from collectors.discovery.model import Options
from collectors.discovery.sweep import sweep
from collectors.discovery.targets import Targets, hosts
assert not Echo(4)._raw and not Echo(6)._raw
targets = Targets([hosts("127.9.0.0/28"), hosts("::1/128")], 161)
found = sweep(targets, [], Options(patience=2.0), observe=print, keep=print)
assert [one.address for one in found.seen if one.ping] == [
    *(f"127.9.0.{number}" for number in range(1, 15)), "::1"
], found
"""


def test_pings_go_by_datagram_sockets_where_the_system_allows_them() -> None:
    """As a plain user's do. The setting belongs to a network namespace of the test's own."""
    if os.geteuid() or not shutil.which("unshare"):
        pytest.skip("only root may make a network namespace with another ping_group_range")
    setting = "net.ipv4.ping_group_range='0 2147483647'"
    script = f'ip link set lo up && sysctl -qw {setting} && exec "$0" -c "$1"'
    done = subprocess.run(
        ["unshare", "--net", "sh", "-ec", script, sys.executable, DATAGRAMS],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_silent_addresses_are_asked_again_where_ping_is_filtered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One that answers only the second time, in a network that lets no ping through."""
    agent = Agent(model.switch(1), "first")
    heard: list[bytes] = []

    def second_time(data: bytes) -> list[bytes]:
        heard.append(data)
        reply = agent.reply(data, 1, 0.0)
        return [reply] if reply and len(heard) > 1 else []

    forbid_ping(monkeypatch)
    with answering(second_time) as port:
        found = swept(Targets([hosts("127.82.1.7/32")], port), LOGINS[:1])
    assert found["127.82.1.7"].credentials == "first"


def test_what_was_kept_is_not_asked_again() -> None:
    """Interrupted at each tenth of a second, it still finds everybody in the end."""
    devices = {f"127.82.1.{n}": "second" for n in range(1, 255)}
    kept: list[Kept] = []

    def interrupt(progress: Progress) -> None:
        if progress.done:
            raise KeyboardInterrupt

    with farm(devices) as serving:
        targets = Targets([hosts(NETWORK)], serving.port)
        with pytest.raises(KeyboardInterrupt):
            swept(targets, observe=interrupt, keep=kept.append)
        found = swept(targets, kept=kept[-1])
    assert {one.credentials for one in found.values()} == {"second"}
    assert len(found) == 254
    # As if all but the last login had been tried: those that answered then are still there.
    done = Kept(question=2, index=254, ping_attempt=-1, flags=kept[-1].flags, seen=kept[-1].seen)
    assert len(swept(targets, kept=done)) == sum(map(bool, kept[-1].flags))
