"""From simulated devices to points: probed, rendered, polled once by the real Telegraf."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from collectors.device import Device
from collectors.knowledge.load import load_library
from collectors.knowledge.match import match
from collectors.knowledge.model import Library
from collectors.login import Community, Secret
from collectors.probe.model import Ask, Options
from collectors.probe.run import probe
from collectors.telegraf.model import Poll, Settings
from collectors.telegraf.shard import render
from tests.integration.agents import COMMUNITY, Object, agents
from tests.integration.lineprotocol import Point
from tests.integration.test_telegraf import assert_in_data_model, once

LOGIN = Community("default", "2c", Secret("SNMP_COMMUNITY"))


def polled(
    devices: Sequence[Device], library: Library, options: Options, directory: Path
) -> list[Point]:
    """The points of devices whose agents run; each has to answer, and Telegraf to see no error."""
    secrets = {"SNMP_COMMUNITY": COMMUNITY}
    asked = [Ask(one, (LOGIN,)) for one in devices]
    found = probe(asked, library, secrets, options, lambda *_: None)
    polls = []
    for one in devices:
        facts = found[one.name].facts
        assert facts, (one.name, found[one.name].silence)
        polls.append(Poll(one, LOGIN, facts, match(library, facts)))
    (shard,) = render(polls, Settings("acme", jitter=0, outage=60))
    points, log = once(shard.config, directory)
    assert "E!" not in log, log
    return points


def told_of(
    served: Mapping[str, tuple[str, Sequence[Object]]], profile: str, directory: Path
) -> list[Point]:
    """The points of made-up devices with a made-up profile of their own.

    `served`: name -> the loopback address, and what the agent there answers.
    """
    (directory / "own").mkdir()
    (directory / "own/acme.yaml").write_text(profile)
    library = load_library([directory / "own"])
    with agents(directory, dict(served.values())) as number:
        devices = [Device(name, at, port=number, icmp=False) for name, (at, _) in served.items()]
        points = polled(devices, library, Options(timeout=10, concurrency=2), directory)
    assert_in_data_model(points)
    return points
