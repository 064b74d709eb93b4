"""Probing real SNMP agents: snmpsim with v1, v2c and v3, and Debian's snmpd for v3.

SNMPv3: every protocol of the contract in every combination (6 × 7, and none) against snmpsim,
whose keys come from the same library as ours; so those snmpd knows too (MD5 to SHA-512 with
DES, AES and, as Debian builds it, the longer AES) are asked of it as well. aes192c and aes256c,
which snmpd has not, are covered by snmpsim alone. Many devices at once: tests/simulator's farm.
Left out: broken agents (tests/unit/probe).
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import islice, product
from pathlib import Path

import pytest

from collectors.device import Device
from collectors.facts import Found, InterfaceKey, Reason
from collectors.knowledge.load import load_library
from collectors.login import AuthProtocol, Community, Login, PrivacyProtocol, Secret, User
from collectors.probe.model import Ask, Options
from collectors.probe.run import probe
from tests.integration.agents import (
    COMMUNITY,
    V3_AUTH,
    V3_PRIVACY,
    Object,
    SimulatedUser,
    agents,
)
from tests.simulator.farm import Farm, Layout, addresses

pytestmark = pytest.mark.real

ENVIRON = {"COMMUNITY": COMMUNITY, "AUTH": V3_AUTH, "PRIVACY": V3_PRIVACY, "WRONG": "not-that-one"}
AUTH, PRIVACY = Secret("AUTH"), Secret("PRIVACY")
OPTIONS = Options(timeout=1.0, retries=2, patience=1.0)
ADDRESS = "127.0.0.1"

V2C = Community("default", "2c", Secret("COMMUNITY"))

AUTHS = {
    AuthProtocol.MD5: "MD5",
    AuthProtocol.SHA: "SHA",
    AuthProtocol.SHA224: "SHA224",
    AuthProtocol.SHA256: "SHA256",
    AuthProtocol.SHA384: "SHA384",
    AuthProtocol.SHA512: "SHA512",
}
PRIVACIES = {
    None: "NONE",
    PrivacyProtocol.DES: "DES",
    PrivacyProtocol.AES: "AES",
    PrivacyProtocol.AES192: "AES192BLMT",
    PrivacyProtocol.AES256: "AES256BLMT",
    PrivacyProtocol.AES192C: "AES192",
    PrivacyProtocol.AES256C: "AES256",
}


def switch(name: str, ports: int = 3) -> list[Object]:
    """A switch whose ifName is not unique, with a table of 60 storage areas."""
    objects: list[Object] = [
        ("1.3.6.1.2.1.1.1.0", 4, "Simulated\\x0d\\x0aswitch"),
        ("1.3.6.1.2.1.1.2.0", 6, "1.3.6.1.4.1.99999.1.2"),
        ("1.3.6.1.2.1.1.3.0", 67, 12345),
        ("1.3.6.1.2.1.1.5.0", 4, name),
    ]
    for port in range(1, ports + 1):
        objects += [
            (f"1.3.6.1.2.1.2.2.1.2.{port}", 4, f"port {port}"),
            (f"1.3.6.1.2.1.2.2.1.7.{port}", 2, 1),
            (f"1.3.6.1.2.1.2.2.1.8.{port}", 2, 1),
            (f"1.3.6.1.2.1.31.1.1.1.1.{port}", 4, "port"),
            (f"1.3.6.1.2.1.31.1.1.1.6.{port}", 70, 2**40),
            (f"1.3.6.1.2.1.31.1.1.1.10.{port}", 70, 2**40),
        ]
    for area in range(1, 61):
        objects += [
            (f"1.3.6.1.2.1.25.2.3.1.3.{area}", 4, f"/data/{area}"),
            (f"1.3.6.1.2.1.25.2.3.1.4.{area}", 2, 4096),
            (f"1.3.6.1.2.1.25.2.3.1.5.{area}", 2, 1000),
            (f"1.3.6.1.2.1.25.2.3.1.6.{area}", 2, 500),
        ]
    return objects


def user(
    name: str,
    auth: AuthProtocol | None = None,
    privacy: PrivacyProtocol | None = None,
    *,
    auth_password: Secret = AUTH,
    privacy_password: Secret = PRIVACY,
    context: str = "",
) -> User:
    return User(
        name="core",
        user=name,
        context=context,
        auth=auth,
        auth_password=auth_password if auth else None,
        privacy=privacy,
        privacy_password=privacy_password if privacy else None,
    )


def probe_all(
    port: int, logins: dict[str, tuple[Login, ...]], address: str = ADDRESS
) -> dict[str, Found]:
    asks = [Ask(Device(name, address, port), mine) for name, mine in logins.items()]
    return probe(asks, load_library(), ENVIRON, OPTIONS, lambda *_: None)


def _user_name(auth: AuthProtocol | None, privacy: PrivacyProtocol | None) -> str:
    return f"{auth or 'none'}-{privacy or 'none'}"


COMBINATIONS: list[tuple[AuthProtocol | None, PrivacyProtocol | None]] = [
    (None, None),
    *product(AUTHS, PRIVACIES),
]


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """snmpsim's port. 127.0.0.1 knows a user of each combination, 127.0.0.2 the community."""
    users = [
        SimulatedUser(
            _user_name(auth, privacy), AUTHS[auth] if auth else "NONE", PRIVACIES[privacy]
        )
        for auth, privacy in COMBINATIONS
    ]
    directory = tmp_path_factory.mktemp("agents")
    devices = {ADDRESS: switch("sw-v3"), "127.0.0.2": switch("sw-v2")}
    with agents(directory, devices, users={ADDRESS: users}) as port:
        yield port


@pytest.mark.parametrize("version", ["1", "2c"])
def test_a_device_by_community(simulated: int, version: str) -> None:
    login = Community("old", version, Secret("COMMUNITY"))
    found = probe_all(simulated, {"sw": (login,)}, "127.0.0.2")["sw"]
    facts = found.facts
    assert facts, found.silence
    assert (facts.credentials, facts.sys_name) == ("old", "sw-v2")
    assert facts.sys_object_id == "1.3.6.1.4.1.99999.1.2"
    assert facts.answers["1.3.6.1.2.1.25.2.3.1.5"] == 60
    # SNMPv1 has no Counter64, and an agent leaves those columns out.
    assert facts.answers.get("1.3.6.1.2.1.31.1.1.1.6") == (None if version == "1" else 3)
    assert facts.interface_key is InterfaceKey.DESCR


def test_every_combination_of_protocols(simulated: int) -> None:
    logins: dict[str, tuple[Login, ...]] = {
        _user_name(auth, privacy): (user(_user_name(auth, privacy), auth, privacy),)
        for auth, privacy in COMBINATIONS
    }
    found = probe_all(simulated, logins)
    silent = {name: one.silence for name, one in found.items() if not one.facts}
    assert not silent
    assert len(found) == 1 + 6 * 7
    for one in found.values():
        assert one.facts
        assert one.facts.sys_name == "sw-v3"
        assert one.facts.engine_id == "80004fb80500000001"
        assert one.facts.answers["1.3.6.1.2.1.25.2.3.1.5"] == 60


SHA256_AES = _user_name(AuthProtocol.SHA256, PrivacyProtocol.AES)
REFUSALS = {
    "unknown user name 'nobody'": user("nobody", AuthProtocol.SHA256, PrivacyProtocol.AES),
    "wrong digest": user(
        SHA256_AES, AuthProtocol.SHA256, PrivacyProtocol.AES, auth_password=Secret("WRONG")
    ),
    "decryption error": user(
        SHA256_AES, AuthProtocol.SHA256, PrivacyProtocol.AES, privacy_password=Secret("WRONG")
    ),
    "security level": user(SHA256_AES, AuthProtocol.SHA256),
    "only to discovery": user(
        SHA256_AES, AuthProtocol.SHA256, PrivacyProtocol.AES, context="no-such-context"
    ),
}


def test_refusals_are_told_apart(simulated: int) -> None:
    found = probe_all(simulated, {words: (login,) for words, login in REFUSALS.items()})
    for words, one in found.items():
        assert one.silence, words
        assert one.silence.reason is Reason.REFUSED
        assert words in one.silence.text
        assert "(core)" in one.silence.text


def test_one_user_name_with_two_passwords(simulated: int) -> None:
    # Two credentials may share a user name; neither may spoil the other's keys.
    good = user(SHA256_AES, AuthProtocol.SHA256, PrivacyProtocol.AES)
    bad = REFUSALS["wrong digest"]
    logins: dict[str, tuple[Login, ...]] = {
        f"sw-{number}": (bad, good) if number % 2 else (good, bad) for number in range(8)
    }
    assert all(one.facts for one in probe_all(simulated, logins).values())


def test_logins_of_different_versions_in_order(simulated: int) -> None:
    nobody = Community("wrong", "2c", Secret("WRONG"))
    found = probe_all(simulated, {"sw": (nobody, V2C)}, "127.0.0.2")["sw"]
    assert found.facts
    assert found.facts.credentials == "default"


# --- Debian's snmpd ------------------------------------------------------------------------

SNMPD = shutil.which("snmpd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
needs_snmpd = pytest.mark.skipif(SNMPD is None, reason="needs Debian's snmpd")

SNMPD_AUTHS = AUTHS | {
    AuthProtocol.SHA224: "SHA-224",
    AuthProtocol.SHA256: "SHA-256",
    AuthProtocol.SHA384: "SHA-384",
    AuthProtocol.SHA512: "SHA-512",
}
SNMPD_PRIVACIES = {
    None: "",
    PrivacyProtocol.DES: "DES",
    PrivacyProtocol.AES: "AES",
    PrivacyProtocol.AES192: "AES-192",
    PrivacyProtocol.AES256: "AES-256",
}
SNMPD_COMBINATIONS = list(product(SNMPD_AUTHS, SNMPD_PRIVACIES))


@pytest.fixture(scope="module")
def snmpd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """snmpd's port on 127.0.0.1."""
    directory = tmp_path_factory.mktemp("snmpd")
    lines = [f"rocommunity {COMMUNITY}", "sysDescr real agent", "sysName real-1"]
    for auth, privacy in SNMPD_COMBINATIONS:
        name = _user_name(auth, privacy)
        secret = f" {SNMPD_PRIVACIES[privacy]} {V3_PRIVACY}" if privacy else ""
        lines.append(f"createUser {name} {SNMPD_AUTHS[auth]} {V3_AUTH}{secret}")
        lines.append(f"rouser {name} {'authpriv' if privacy else 'auth'}")
    config = directory / "snmpd.conf"
    config.write_text("\n".join(lines) + "\n")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as unused:
        unused.bind((ADDRESS, 0))
        port = int(unused.getsockname()[1])
    assert SNMPD
    log = directory / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [SNMPD, "-f", "-Lo", "-C", "-c", config, f"udp:{ADDRESS}:{port}"],
            env={"SNMP_PERSISTENT_DIR": str(directory / "state"), "MIBS": ""},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        until = time.monotonic() + 20
        while not probe_all(port, {"up": (V2C,)})["up"].facts:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < until, log.read_text()
        yield port
    finally:
        process.terminate()
        process.wait(20)


@needs_snmpd
def test_snmpd_with_every_combination_it_knows(snmpd: int) -> None:
    logins: dict[str, tuple[Login, ...]] = {
        _user_name(auth, privacy): (user(_user_name(auth, privacy), auth, privacy),)
        for auth, privacy in SNMPD_COMBINATIONS
    }
    found = probe_all(snmpd, logins)
    silent = {name: one.silence for name, one in found.items() if not one.facts}
    assert not silent
    assert {one.facts.sys_name for one in found.values() if one.facts} == {"real-1"}


@needs_snmpd
def test_snmpd_by_community(snmpd: int) -> None:
    first, second = (probe_all(snmpd, {"a": (V2C,)})["a"].facts for _ in range(2))
    assert first
    assert second
    assert first.answers["1.3.6.1.2.1.31.1.1.1.1"] >= 1
    assert first.answers["1.3.6.1.2.1.1.3"] == 1
    assert first.interface_key is InterfaceKey.NAME
    # An unchanged device gives the same lock; only the time of an answer may cross a step.
    assert dict(first.answers) == dict(second.answers)
    assert dict(first.texts) == dict(second.texts)


@needs_snmpd
@pytest.mark.parametrize(
    ("login", "words"),
    [
        (user("nobody", AuthProtocol.SHA), "unknown user name 'nobody'"),
        (user("sha-aes", AuthProtocol.SHA, auth_password=Secret("WRONG")), "wrong digest"),
        (
            user(
                "sha-aes",
                AuthProtocol.SHA,
                PrivacyProtocol.AES,
                privacy_password=Secret("WRONG"),
            ),
            "privacy password",
        ),
    ],
    ids=["user", "digest", "privacy"],
)
def test_snmpd_refuses(snmpd: int, login: User, words: str) -> None:
    found = probe_all(snmpd, {"a": (login,)})["a"]
    assert found.silence
    assert found.silence.reason is Reason.REFUSED
    assert words in found.silence.text


# --- Many devices --------------------------------------------------------------------------


def farm(layout: Layout) -> contextlib.AbstractContextManager[Farm]:
    serving = Farm()
    for device in layout.build():
        serving.add(device)
    return serving.in_background()


def test_many_devices_and_none_waits_for_the_dead() -> None:
    layout = Layout(devices=120, ports=24, dead=6, base="127.41.0.1")
    with farm(layout) as serving:
        asks = [
            Ask(Device(f"sim-{number:05d}", address, serving.port, icmp=False), (V2C,))
            for number, address in enumerate(islice(addresses(layout.base), layout.devices), 1)
        ]
        order: list[bool] = []
        # The dead are waited for longer than a busy machine needs for all the others.
        options = Options(timeout=6.0, retries=1, patience=1.0)
        found = probe(
            asks, load_library(), ENVIRON, options, lambda _, one: order.append(bool(one.facts))
        )
        requests = serving.report()["requests"]
    assert len(found) == 120
    assert order == [True] * 114 + [False] * 6
    for name, one in found.items():
        if one.facts:
            assert one.facts.sys_name == name
            assert one.facts.answers["1.3.6.1.2.1.2.2.1.8"] == 24
    assert isinstance(requests, dict)
    assert max(requests.values()) <= 40


INTERRUPTED = """
import logging
import sys
from collectors.device import Device
from collectors.knowledge.load import load_library
from collectors.login import Community, Secret
from collectors.probe.model import Ask, Options
from collectors.probe.run import probe

asks = [
    Ask(Device(f"d{n}", "127.0.0.1", int(sys.argv[1])), (Community("x", "2c", Secret("C")),))
    for n in range(20)
]
# That a busy machine took its time is no fault; a task that was lost is an error.
logging.getLogger("asyncio").setLevel(logging.ERROR)
print("asking", flush=True)
try:
    probe(asks, load_library(), {"C": "c"}, Options(), lambda *_: None)
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


def test_an_interrupt_ends_all_and_is_passed_on() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind((ADDRESS, 0))
        silent.settimeout(30)
        command = [sys.executable, "-W", "error", "-X", "dev", "-c", INTERRUPTED]
        process = subprocess.Popen(
            [*command, str(silent.getsockname()[1])],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        silent.recv(2000)  # it asks, and nobody answers
        process.send_signal(signal.SIGINT)
        output, talk = process.communicate(timeout=30)
    assert (process.returncode, output.split(), talk) == (0, ["asking", "interrupted"], "")
