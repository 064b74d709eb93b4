"""The farm's socket: who is answered from where, and when.

Covers real datagrams on loopback. Leaves out what an answer holds (test_simulator_agent.py) and
how fast it comes.
"""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulator import ber
from tests.simulator.farm import Farm, Layout, addresses, spread

SYS_NAME = "1.3.6.1.2.1.1.5.0"
ROOT = Path(__file__).resolve().parents[3]


def serving(layout: Layout) -> contextlib.AbstractContextManager[Farm]:
    farm = Farm()
    for device in layout.build():
        farm.add(device)
    return farm.in_background()


def ask(farm: Farm, *hosts: str, wait: float = 2.0) -> list[tuple[str, bytes]]:
    """(address, sysName) of each answer, in the order of their coming."""
    answers = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(wait)
        for host in hosts:
            asking.sendto(ber.request(ber.GET, [SYS_NAME], community="public"), (host, farm.port))
        for _ in hosts:
            try:
                data, (host, port) = asking.recvfrom(2048)
            except TimeoutError:
                break
            assert port == farm.port
            answers.append((host, ber.answer(data)[2][0][2]))
    return answers


def test_every_device_answers_from_its_own_address():
    with serving(Layout(devices=3, ports=2, base="127.31.0.1")) as farm:
        answers = ask(farm, "127.31.0.3", "127.31.0.1", "127.31.0.2")
    assert sorted(answers) == [(f"127.31.0.{n}", f"sim-0000{n}".encode()) for n in (1, 2, 3)]


def test_the_dead_and_strangers_stay_silent_and_are_counted():
    with serving(Layout(devices=2, ports=1, dead=1, base="127.31.1.1")) as farm:
        answers = ask(farm, "127.31.1.2", "127.31.1.9", "127.31.1.1", wait=0.3)
        report = farm.report()
    assert [host for host, _ in answers] == ["127.31.1.1"]
    assert report["silent"] == 2
    assert report["packets_out"] == 1
    assert report["varbinds"] == 1
    assert report["requests"] == {"127.31.1.1": 1, "127.31.1.2": 1}


def test_a_slow_device_holds_nobody_up():
    layout = Layout(devices=3, ports=1, base="127.31.2.1", delays=((1, 0.3),))
    with serving(layout) as farm:
        answers = ask(farm, "127.31.2.1", "127.31.2.2", "127.31.2.3")
    assert [host for host, _ in answers] == ["127.31.2.2", "127.31.2.3", "127.31.2.1"]


def test_bytes_that_are_no_snmp_are_counted_and_survived():
    with serving(Layout(devices=1, ports=1, base="127.31.3.1")) as farm:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
            asking.sendto(b"\x30\x82\xff\xff", ("127.31.3.1", farm.port))
        assert len(ask(farm, "127.31.3.1")) == 1
        assert farm.report()["malformed"] == 1


def test_tcp_ports_accept():
    farm = Farm(bind="127.31.4.1")
    farm.listen("127.31.4.1", farm.port)
    with (
        farm.in_background(),
        socket.create_connection(("127.31.4.1", farm.port), timeout=2) as connection,
    ):
        assert connection.recv(1) == b""  # accepted, then closed


def test_addresses_leave_out_those_that_end_in_0_or_255():
    free = addresses("127.31.0.254")
    assert [next(free) for _ in range(3)] == ["127.31.0.254", "127.31.1.1", "127.31.1.2"]


@pytest.mark.parametrize(("devices", "dead"), [(500, 25), (20, 1), (7, 3), (5, 0)])
def test_dead_devices_are_as_many_as_asked_for_and_never_the_first(devices, dead):
    chosen = spread(devices, dead)
    assert len(chosen) == dead
    assert all(1 < number <= devices for number in chosen)


def test_the_program_says_when_it_is_ready_and_prints_its_statistics():
    command = [sys.executable, "-m", "tests.simulator.farm", "--port", "0"]
    command += ["--base", "127.31.5.1", "--devices", "2", "--ports", "1", "--delay", "2=0.1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        ready = json.loads(process.stdout.readline())
        assert ready["ready"] == 2
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
            asking.settimeout(5)
            request = ber.request(ber.GET, [SYS_NAME], community="public")
            asking.sendto(request, ("127.31.5.2", ready["port"]))
            assert asking.recvfrom(2048)[1] == ("127.31.5.2", ready["port"])
        process.send_signal(signal.SIGUSR1)
        assert json.loads(process.stdout.readline())["packets_out"] == 1
        process.terminate()
        assert json.loads(process.stdout.readline())["packets_in"] == 1
        assert process.wait(5) == 0
