"""Covers quantities of Kubernetes, what a pod requests by them, and amounts as a person reads them.

Leaves out what the real scheduler makes of the same pods: tests/integration/kubernetes does that.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tigctl.targets.kubernetes import amounts
from tigctl.targets.kubernetes.amounts import CPU, MEMORY, PODS

BINARY = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "Pi": 2**50, "Ei": 2**60}
DECIMAL = {"": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18, "m": -3, "u": -6, "n": -9}


@given(st.decimals(0, 10**6, places=3), st.sampled_from(list(BINARY)))
def test_binary_suffixes_are_powers_of_1024(number: Decimal, suffix: str) -> None:
    assert amounts.quantity(f"{number}{suffix}") == number * BINARY[suffix]


@given(st.decimals(0, 10**6, places=3), st.sampled_from(list(DECIMAL)))
def test_decimal_suffixes_and_exponents_are_powers_of_ten(number: Decimal, suffix: str) -> None:
    power = DECIMAL[suffix]
    found = amounts.quantity(f"{number}{suffix}")
    assert found == amounts.quantity(f"{number}e{power}") == amounts.quantity(f"{number}E{power}")
    assert found * 10 ** max(0, -power) == number * 10 ** max(0, power)


@pytest.mark.parametrize("text", ["", "Gi", "1GB", "1 Gi", "0x10", "1e", "..5", "1.2.3", "1ki"])
def test_what_is_no_quantity_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no quantity"):
        amounts.quantity(text)


@given(st.integers(0, 10**9))
def test_part_of_a_unit_counts_as_a_whole_one(nanos: int) -> None:
    """As the API server rounds: never less than what is asked."""
    found = amounts.amounts({"cpu": f"{nanos}n", "memory": f"{nanos}m"})
    assert found == {CPU: -(-nanos // 10**6), MEMORY: -(-nanos // 1000)}


def asks(cpu: int, **more: Any) -> dict[str, Any]:
    return {"resources": {"requests": {"cpu": f"{cpu}m"}}, **more}


def test_a_pod_requests_the_most_that_runs_at_once() -> None:
    """Worked by hand after the documentation of sidecar containers and of pod overhead."""
    helper = {"restartPolicy": "Always"}
    pod = {
        "containers": [asks(100), asks(200)],
        "initContainers": [asks(50, **helper), asks(500), asks(70, **helper), asks(400)],
        "overhead": {"cpu": "10m"},
    }
    # At start: 50 + 500, then 50 + 70 + 400; later 50 + 70 + 100 + 200.
    assert amounts.requests(pod) == {CPU: 550 + 10, PODS: 1}
    del pod["initContainers"][1]
    assert amounts.requests(pod) == {CPU: 520 + 10, PODS: 1}
    del pod["initContainers"][2]
    assert amounts.requests(pod) == {CPU: 420 + 10, PODS: 1}


def test_a_limit_without_a_request_is_the_request() -> None:
    pod = {"containers": [{"resources": {"limits": {"memory": "1Gi", "cpu": "1"}}}]}
    pod["containers"][0]["resources"]["requests"] = {"cpu": "100m"}
    assert amounts.requests(pod) == {CPU: 100, MEMORY: 2**30, PODS: 1}


def test_what_the_pod_as_a_whole_requests_stands_in_for_its_containers() -> None:
    pod = {
        "containers": [asks(100)],
        "resources": {"requests": {"cpu": "1", "ephemeral-storage": "1Gi"}},
    }
    assert amounts.requests(pod) == {CPU: 1000, PODS: 1}


@given(st.integers(1, 2**45))
def test_what_is_asked_never_looks_smaller_than_what_is_left(amount: int) -> None:
    """Else a person would read that 4 GiB do not fit into 4 GiB."""
    for name in (CPU, MEMORY):
        asked, left = amounts.text(name, amount, up=True), amounts.text(name, amount - 1)
        assert asked != left or amounts.text(name, amount) == amounts.text(name, amount, up=True)


@pytest.mark.parametrize(
    ("name", "amount", "said"),
    [
        (CPU, 500, "0.5 CPU"),
        (CPU, 2000, "2 CPU"),
        (MEMORY, 4 * 2**30, "4 GiB memory"),
        (MEMORY, 1_288_490_189, "1.2 GiB memory"),
        (MEMORY, 512 * 2**20, "512 MiB memory"),
        (PODS, 1, "1 pod"),
        (PODS, 3, "3 pods"),
        ("ephemeral-storage", 3 * 2**40, "3 TiB ephemeral-storage"),
        ("example.com/gpu", 2, "2 example.com/gpu"),
    ],
)
def test_amounts_in_words(name: str, amount: int, said: str) -> None:
    assert amounts.text(name, amount) == said
