"""What a column looks like by its values: names, units, readings, words for states. Pure.

The ranges are those of equipment that is switched on in a room. They decide what is proposed to a
person, never what is polled.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from collectors.learning.model import Kind, Seen

_LONGEST_NAME = 64
_LETTERS = re.compile(r"[^\W\d_]{2}")
_NUMBER = re.compile(r"\s*(-?\d+(?:\.\d+)?)\s*(\D{0,12})")
_NO_READING = frozenset({0.0, -1.0, 255.0, 65535.0, 2147483647.0, -2147483648.0, 4294967295.0})
_SHOWN = 4


@dataclass(frozen=True, slots=True)
class Quantity:
    """A kind of reading: what names it, and in which range it lies.

    Attributes:
        name: a measurement, or a class of sensor.
        words: parts of a row's name that say so.
        units: what a column of units says, in lower case.
        low, high: the range of a plausible reading, in the unit of the data model.
        scales: what a device's number may have to be divided by.
    """

    name: str
    words: tuple[str, ...]
    units: tuple[str, ...]
    low: float
    high: float
    scales: tuple[int, ...] = (1,)

    def scale(self, numbers: Sequence[float], *, told: bool = False) -> int:
        """What all these numbers have to be divided by to be plausible.

        0 where nothing fits, or several do: 120 may be volts or tenths of them. Where the unit
        is `told`, a number that fits as it is stands for itself.
        """
        readings = [number for number in numbers if number not in _NO_READING]
        fitting = [
            scale
            for scale in self.scales
            if readings and all(self.low <= number / scale <= self.high for number in readings)
        ]
        if told and 1 in fitting:
            return 1
        return fitting[0] if len(fitting) == 1 else 0


# Those that name what is measured come before those that name a thing.
QUANTITIES = (
    Quantity("temperature", ("temp", "thermal", "celsius"), ("c", "°c", "celsius"), 10, 120,
             (1, 10, 100, 1000)),
    Quantity("humidity", ("humid",), ("%rh", "rh"), 10, 100, (1, 10)),
    Quantity("voltage", ("volt",), ("v", "volt", "volts"), 0.5, 600, (1, 10, 100, 1000)),
    Quantity("current", ("current", "ampere"), ("a", "amp", "amps"), 0.01, 200, (1, 10, 100, 1000)),
    Quantity("power", ("watt",), ("w", "watt", "watts"), 1, 20_000, (1, 10, 1000)),
    Quantity("fanspeed", ("fan", "rpm", "blower"), ("rpm",), 200, 40_000),
    Quantity("cpu", ("cpu", "processor"), (), 0, 100),
)  # fmt: skip

# What devices answer in words. A word that is not listed is of no use.
WORDS: Mapping[str, tuple[str, ...]] = {
    "ok": ("ok", "normal", "good", "healthy", "up", "online", "active", "running", "present"),
    "warning": ("warning", "degraded", "minor", "low", "high"),
    "critical": ("critical", "failed", "fail", "failure", "fault", "faulty", "error", "down",
                 "offline", "major", "alarm"),
    "unknown": ("unknown", "absent", "not present", "notpresent", "n/a", "empty"),
}  # fmt: skip
_KNOWN_WORDS = frozenset(word for words in WORDS.values() for word in words)


def numbers(values: Iterable[Seen]) -> list[float]:
    """The numbers that a column holds; empty where it holds anything else, or counts."""
    found = []
    for one in values:
        if one.kind not in {Kind.INTEGER, Kind.GAUGE, Kind.TEXT}:
            return []
        number = _NUMBER.fullmatch(one.text[:_LONGEST_NAME])
        if not number or (one.kind is Kind.TEXT and number[2].strip()):
            return []
        found.append(float(number[1]))
    return found


def reading(value: Seen) -> tuple[Quantity, float] | None:
    """A text that is a number with its unit: `41 C`, `23.5 °C`, `3200 rpm`."""
    found = _NUMBER.fullmatch(value.text[:_LONGEST_NAME]) if value.kind is Kind.TEXT else None
    unit = found[2].strip().lower() if found else ""
    quantity = next((one for one in QUANTITIES if unit and unit in one.units), None)
    if not quantity or not found or not quantity.low <= float(found[1]) <= quantity.high:
        return None
    return quantity, float(found[1])


def are_names(values: Sequence[Seen]) -> bool:
    """Whether these texts tell rows apart: each its own, with letters, and short."""
    texts = [one.text for one in values if one.kind is Kind.TEXT and one.text]
    if len(texts) < len(values) or not texts:
        return False
    lettered = sum(bool(_LETTERS.search(text)) for text in texts)
    distinct = len(set(texts))
    return (
        max(map(len, texts)) <= _LONGEST_NAME
        and lettered * 2 > len(texts)
        and distinct * 10 >= len(texts) * 9
        and not are_states(values)
    )


def are_units(values: Sequence[Seen]) -> dict[str, Quantity]:
    """Text of the column -> what is measured; empty where any text is no unit."""
    found: dict[str, Quantity] = {}
    for text in {one.text for one in values if one.kind is Kind.TEXT}:
        quantity = next((one for one in QUANTITIES if text.strip().lower() in one.units), None)
        if quantity is None:
            return {}
        found[text] = quantity
    return found if all(one.kind is Kind.TEXT for one in values) else {}


def are_states(values: Sequence[Seen]) -> bool:
    """Whether all of these are words for how something is."""
    texts = {one.text.strip().lower() for one in values}
    return bool(texts) and texts <= _KNOWN_WORDS and all(one.kind is Kind.TEXT for one in values)


def named_by(quantity: Quantity, text: str) -> str:
    """The word in a row's name that says what is measured; empty where none does."""
    return next((word for word in quantity.words if word in text.lower()), "")


def shown(values: Sequence[Seen]) -> str:
    """Some values for a person: `21, 22, 35 and 5 more`."""
    texts = [f"{one.text[:24]}…" if len(one.text) > 25 else one.text for one in values]
    texts = [text or "nothing" for text in texts]
    more = f" and {len(texts) - _SHOWN} more" if len(texts) > _SHOWN else ""
    return ", ".join(texts[:_SHOWN]) + more


def counted(values: Sequence[Seen]) -> str:
    """How often each value is there: `1 (7 rows), 2 (1 row)`."""
    times: dict[str, int] = {}
    for one in values:
        times[one.text] = times.get(one.text, 0) + 1
    return ", ".join(f"{text} ({number} row{'s' * (number > 1)})" for text, number in times.items())
