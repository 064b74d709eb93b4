"""What a probe's findings do to the lock, and how they are summed up. Probing itself is
covered by tests/integration."""

from __future__ import annotations

from dataclasses import replace

import pytest

from collectors.device import Device
from collectors.facts import Facts, Found, Reason, Silence
from collectors.knowledge.model import Library, Profile
from tigctl.cli.probing import merged, needy, renumbered, silent, summary

FACTS = Facts("default", "1.3.6.1.4.1.99999.1", "a thing", "thing")
OTHER = Facts("default", "1.3.6.1.4.1.99998.7", "another", "other")
LIBRARY = Library((Profile("thing", "thing.yaml", object_ids=("1.3.6.1.4.1.99999.*",)),))


def found(
    facts: Facts | None = None, reason: Reason | None = None, address: str = "10.0.0.1"
) -> Found:
    return Found(address, 161, facts, Silence(reason, f"it is {reason}") if reason else None)


DEVICE = Device("sw1", "10.0.0.1")


@pytest.mark.parametrize(
    ("former", "new", "expected"),
    [
        (None, found(FACTS), found(FACTS)),
        (found(OTHER), found(FACTS), found(FACTS)),
        (found(FACTS), found(reason=Reason.DEAD), found(FACTS, Reason.DEAD)),
        (found(FACTS, Reason.DEAD), found(FACTS), found(FACTS)),
        (found(FACTS), found(reason=Reason.NO_SNMP), found(reason=Reason.NO_SNMP)),
        # Another address is another device: what was known of the old one is of no use.
        (found(FACTS, address="10.0.0.9"), found(reason=Reason.DEAD), found(reason=Reason.DEAD)),
        # Not asked this time.
        (found(FACTS), None, found(FACTS)),
        (found(FACTS, address="10.0.0.9"), None, None),
    ],
)
def test_facts_outlive_an_outage_but_not_a_move(
    former: Found | None, new: Found | None, expected: Found | None
) -> None:
    lock = merged([DEVICE], {"sw1": former} if former else {}, {"sw1": new} if new else {})
    assert lock == ({"sw1": expected} if expected else {})


def test_devices_that_are_listed_no_more_leave_the_lock() -> None:
    assert merged([DEVICE], {"sw1": found(FACTS), "old": found(OTHER)}, {}) == {"sw1": found(FACTS)}


def test_the_summary_counts_by_profile_and_leaves_out_who_was_not_asked() -> None:
    all_found = {
        "a": found(FACTS),
        "b": found(FACTS),
        "c": found(OTHER),
        "d": found(reason=Reason.DEAD),
        "e": found(reason=Reason.NO_SNMP),
    }
    assert summary(all_found, LIBRARY) == "2 of 4 identified: 2 thing, 1 not asked (snmp: no)."
    assert silent(all_found) == ("d",)
    assert summary({}, LIBRARY) == "0 of 0 identified."


def test_rare_profiles_are_counted_together() -> None:
    profiles = tuple(
        Profile(f"p{n}", "p.yaml", object_ids=(f"1.3.6.1.4.1.{n}.*",)) for n in range(1, 8)
    )
    one_each = {f"d{n}": found(Facts("default", f"1.3.6.1.4.1.{n}.1", "", "")) for n in range(1, 8)}
    assert summary(one_each, Library(profiles)) == (
        "7 of 7 identified: 1 p1, 1 p2, 1 p3, 1 p4, 3 others in 3 profiles."
    )


def test_who_needs_a_person_and_what_to_do() -> None:
    rows = needy(
        "acme",
        {
            "a": found(FACTS),
            "b": found(OTHER),
            "c": found(OTHER),
            "d": found(reason=Reason.DEAD),
            "e": found(reason=Reason.NO_SNMP),
            "f": found(reason=Reason.REFUSED),
        },
        LIBRARY,
    )
    assert [row.devices for row in rows] == [("d",), ("f",), ("b", "c")]
    assert rows[0].text == "it is dead"
    assert rows[0].next.endswith("tigctl probe acme --device d")
    assert "passwords" in rows[1].next
    assert "1.3.6.1.4.1.99998.7" in rows[2].text
    assert rows[2].next == "tigctl profiles learn b --tenant acme"


@pytest.mark.parametrize(
    ("former", "new", "told"),
    [
        (("names", "old"), ("names", "new"), ("sw1",)),
        (("names", "old"), ("names", "old"), ()),
        (("names", "old"), ("other names", "new"), ()),
        ((), ("names", "new"), ()),
        (("names", "old"), (), ()),
    ],
)
def test_interfaces_that_were_numbered_anew_are_noticed(
    former: tuple[str, ...], new: tuple[str, ...], told: tuple[str, ...]
) -> None:
    old, now = (found(replace(FACTS, interfaces=digests)) for digests in (former, new))
    assert renumbered({"sw1": old}, {"sw1": now}) == told
    assert renumbered({"sw1": found(reason=Reason.DEAD)}, {"sw1": now}) == ()
