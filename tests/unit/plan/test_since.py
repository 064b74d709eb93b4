"""What files say otherwise than a revision: settings, devices, and nothing at all.

Leaves out where a revision comes from (tests/integration/kubernetes/test_journey.py) and how it is
shown (tests/unit/cli/test_planning.py).
"""

from __future__ import annotations

from dataclasses import replace

from tests.integration import small
from tigctl.plan.since import since
from tigctl.render.bundle import Bundle
from tigctl.targets.model import FieldChange, Since


def bundle(*devices: str, **settings: str) -> Bundle:
    made = small.bundle(devices=tuple(small.summary(name) for name in devices), buckets=())
    return replace(made, settings=settings)


def test_nothing_differs() -> None:
    one = bundle("a", interval="1m")
    assert since(3, one, one) == Since(3, same=True)


def test_settings_and_devices() -> None:
    former, now = (
        bundle("a", "b", interval="1m", gone="x"),
        bundle("b", "c", interval="2m", new="y"),
    )
    found = since(3, former, now)
    assert found.settings == (
        FieldChange("interval", "1m", "2m"),
        FieldChange("gone", "x", None),
        FieldChange("new", None, "y"),
    )
    assert (found.more, found.fewer, found.otherwise) == (("c",), ("a",), ())


def test_a_device_that_is_polled_otherwise() -> None:
    former = bundle("a", "b")
    shard = small.shard({"a": "", "b": ""})
    was = replace(former, telegraf=(replace(shard, digests={"a": "1", "b": "1"}),))
    now = replace(former, telegraf=(replace(shard, digests={"a": "1", "b": "2"}),))
    found = since(3, was, now)
    assert found.otherwise == ("b",)
    assert not found.same


def test_a_revision_without_settings_says_nothing_of_them() -> None:
    found = since(3, bundle("a"), bundle("a", interval="1m"))
    assert found == Since(3, same=True)
