"""Amounts of resources, as Kubernetes writes and its scheduler sums them. Pure.

Processor is counted in thousandths, everything else in whole units (bytes, pods).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from fractions import Fraction
from functools import lru_cache
from typing import Any

Amounts = Mapping[str, int]

CPU, MEMORY, PODS = "cpu", "memory", "pods"
_POWERS = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
_QUANTITY = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))(?:([KMGTPE]i|[numkMGTPE])|[eE]([+-]?\d{1,3}))?")
# Requests of the whole pod stand in for the sum of its containers' for these (and huge pages).
_OF_POD = frozenset({CPU, MEMORY})


@lru_cache(4096)
def quantity(text: str) -> Fraction:
    """A quantity of Kubernetes, such as `100m`, `1.5`, `2Gi`, `1e3`. Raises ValueError."""
    match = _QUANTITY.fullmatch(text.strip())
    if not match:
        raise ValueError(f"{text!r} is no quantity")
    number, suffix, exponent = match.groups()
    if suffix in _BINARY:
        return Fraction(number) * Fraction(2 ** _BINARY[suffix])
    power = int(exponent) if exponent else _POWERS[suffix or ""]
    return Fraction(f"{number}e{power}")


@lru_cache(4096)
def _count(name: str, text: str) -> int:
    # The API's own rounding: part of a unit counts as one.
    return math.ceil(quantity(text) * (1000 if name == CPU else 1))


def amounts(found: Mapping[str, Any] | None) -> dict[str, int]:
    """A list of resources as an object has it."""
    return {name: _count(name, str(value)) for name, value in (found or {}).items()}


def total(many: Iterable[Amounts]) -> dict[str, int]:
    """The sum."""
    found: dict[str, int] = {}
    for one in many:
        for name, amount in one.items():
            found[name] = found.get(name, 0) + amount
    return found


def greatest(*many: Amounts) -> dict[str, int]:
    """The largest of each."""
    found: dict[str, int] = {}
    for one in many:
        for name, amount in one.items():
            found[name] = max(amount, found.get(name, 0))
    return found


def requests(pod: Mapping[str, Any]) -> dict[str, int]:
    """What the scheduler counts for a pod, by its `spec`.

    Its containers with those that run beside them all the time, or the init container that
    wants most, whichever is more; its overhead; and one pod. A container that states only a limit
    requests that, as the API server fills in.
    """
    running = total(_requested(one.get("resources")) for one in pod.get("containers") or ())
    aside: dict[str, int] = {}
    most: dict[str, int] = {}
    for one in pod.get("initContainers") or ():
        wants = _requested(one.get("resources"))
        if one.get("restartPolicy") == "Always":
            aside = total((aside, wants))
            most = greatest(most, aside)
        else:
            most = greatest(most, total((aside, wants)))
    found = greatest(total((running, aside)), most)
    whole = _requested(pod.get("resources"))
    found |= {key: whole[key] for key in whole if key in _OF_POD or key.startswith("hugepages-")}
    return total((found, amounts(pod.get("overhead")), {PODS: 1}))


def _requested(resources: Mapping[str, Any] | None) -> dict[str, int]:
    found = resources or {}
    return amounts(found.get("limits")) | amounts(found.get("requests"))


def text(name: str, amount: int, *, up: bool = False) -> str:
    """An amount for a person: `4 GiB memory`, `0.5 CPU`, `3 pods`.

    Rounded down, as what is left is; `up` for what is asked, so that never 4 of 4 are too few.
    """
    if name == CPU:
        return f"{_decimals(Fraction(amount, 1000), 2, up=up)} CPU"
    if name == PODS:
        return f"{amount} pod{'s' if amount != 1 else ''}"
    if name == MEMORY:
        return f"{size(amount, up=up)} memory"
    if name.endswith("storage"):
        return f"{size(amount, up=up)} {name}"
    return f"{amount} {name}"


def size(amount: int, *, up: bool = False) -> str:
    """Bytes: `512 MiB`, `1.2 GiB`."""
    for unit, power in (("TiB", 40), ("GiB", 30)):
        if abs(amount) >= 2**power:
            return f"{_decimals(Fraction(amount, 2**power), 1, up=up)} {unit}"
    return f"{_decimals(Fraction(amount, 2**20), 0, up=up)} MiB"


def _decimals(value: Fraction, places: int, *, up: bool) -> str:
    scaled = value * 10**places
    whole = math.ceil(scaled) if up else math.floor(scaled)
    shown = f"{whole / 10**places:,.{places}f}"
    return shown.rstrip("0").rstrip(".") if places else shown
