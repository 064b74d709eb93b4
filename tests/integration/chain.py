"""From simulated devices to points: probed, rendered, polled once by the real Telegraf."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from collectors.device import Device
from collectors.knowledge.match import match
from collectors.knowledge.model import Library
from collectors.login import Community, Secret
from collectors.probe.model import Ask, Options
from collectors.probe.run import probe
from collectors.telegraf.model import Poll, Settings
from collectors.telegraf.shard import render
from tests.integration.agents import COMMUNITY
from tests.integration.lineprotocol import Point
from tests.integration.test_telegraf import once

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
