"""Who of two that claim the same address loses. Pure; test_addresses.py has the real objects."""

from __future__ import annotations

import pytest

from tigctl.targets.kubernetes.addresses import Owner
from tigctl.targets.kubernetes.claims import Claim, lost

EARLY, LATE = "2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z"


def claim(name: str, since: str = EARLY, *, asks: str = "", has: str = "", key: str = "") -> Claim:
    asked, given = (frozenset(filter(None, [one])) for one in (asks, has))
    return Claim(Owner(name, "grafana-entrance"), since, asked, given, key)


@pytest.mark.parametrize(
    ("acme", "globex", "loser"),
    [
        (claim("acme", asks="a"), claim("globex", asks="b"), None),
        (claim("acme", asks="a"), claim("globex", LATE, asks="a"), "globex"),
        (claim("acme", LATE, asks="a"), claim("globex", asks="a"), "acme"),
        (claim("acme", asks="a"), claim("globex", asks="a"), "globex"),
        # What MetalLB gave counts more than who was first.
        (claim("acme", asks="a"), claim("globex", LATE, asks="a", has="a"), "acme"),
        (claim("acme", asks="a"), claim("globex", LATE, has="a"), "acme"),
        # The older one asked for the same, but got another: it wants nothing of ours.
        (claim("acme", asks="a", has="b"), claim("globex", LATE, asks="a", has="a"), "acme"),
        (claim("acme", asks="a", key="tigctl"), claim("globex", asks="a", key="tigctl"), None),
        (claim("acme", asks="a", key="tigctl"), claim("globex", asks="a"), "globex"),
    ],
)
def test_at_most_one_of_two_loses(acme: Claim, globex: Claim, loser: str | None) -> None:
    owners = [acme.owner, globex.owner]
    found = {ours.owner.namespace for ours, _, _ in lost([acme, globex], owners)}
    assert found == ({loser} if loser else set())


def test_only_our_own_claims_are_judged() -> None:
    first, second = claim("acme", asks="a"), claim("globex", LATE, asks="a")
    assert list(lost([first, second], [first.owner])) == []
    assert [address for _, address, _ in lost([first, second], [second.owner])] == ["a"]
