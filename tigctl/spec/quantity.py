"""Durations, sizes and processor shares: text to number and back.

Only what a person writes in a file is understood here; the limits of a single key stand with
that key. Every refusal is a ValueError whose text says what to write instead.
"""

from __future__ import annotations

import re

_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800, "y": 31_536_000}
_BYTES = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "Pi": 2**50}

DURATION_PATTERN = r"^[0-9]+[smhdwy]$"
SIZE_PATTERN = r"^[0-9]+(Ki|Mi|Gi|Ti|Pi)$"
CPU_PATTERN = r"^([0-9]+m|[0-9]+(\.[0-9]{1,3})?)$"

# InfluxDB keeps retention as nanoseconds in 64 bits, which ends at 292 years.
LONGEST = 100 * _SECONDS["y"]
LARGEST = 8 * 2**50

# How people write units, and the nearest unit that is understood.
_SPOKEN = {
    **dict.fromkeys(("sec", "secs", "second", "seconds"), "s"),
    **dict.fromkeys(("min", "mins", "minute", "minutes"), "m"),
    **dict.fromkeys(("hr", "hrs", "hour", "hours"), "h"),
    **dict.fromkeys(("day", "days"), "d"),
    **dict.fromkeys(("week", "weeks"), "w"),
    **dict.fromkeys(("yr", "yrs", "year", "years"), "y"),
}
_NEXT_SMALLER = {"y": "d", "w": "d", "d": "h", "h": "m", "m": "s"}


def duration(value: object) -> int:
    """Seconds of a duration such as `90s 5m 6h 30d 52w 2y`; a year has 365 days."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise ValueError(f"{value} has no unit; write {value}s for seconds or {value}m for minutes")
    if not isinstance(value, str):
        raise ValueError("is not a duration; write a number with a unit, such as 90s, 5m, 6h, 30d")
    match = re.fullmatch(r"([0-9]{1,12})([smhdwy])", value)
    if not match:
        raise ValueError(f"{value!r} is not a duration; {_duration_hint(value)}")
    seconds = int(match[1]) * _SECONDS[match[2]]
    if seconds > LONGEST:
        raise ValueError(f"{value!r} is too long; write at most {format_duration(LONGEST)}")
    return seconds


def format_duration(seconds: int) -> str:
    """The shortest text that `duration` reads as these seconds."""
    for unit, length in reversed(_SECONDS.items()):
        if seconds >= length and seconds % length == 0:
            return f"{seconds // length}{unit}"
    return f"{seconds}s"


def size(value: object) -> int:
    """Bytes of a size such as `20Gi`, with the units of Kubernetes: Ki, Mi, Gi, Ti, Pi."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise ValueError(f"{value} has no unit; write {value}Gi or {value}Mi")
    if not isinstance(value, str):
        raise ValueError("is not a size; write a number with a unit, such as 20Gi or 512Mi")
    match = re.fullmatch(r"([0-9]{1,16})(Ki|Mi|Gi|Ti|Pi)", value)
    if not match:
        raise ValueError(f"{value!r} is not a size; {_size_hint(value)}")
    count = int(match[1]) * _BYTES[match[2]]
    if count > LARGEST:
        raise ValueError(f"{value!r} is too large; write at most {format_size(LARGEST)}")
    return count


def format_size(count: int) -> str:
    """The shortest text that `size` reads as these bytes; whole KiB only."""
    for unit, length in reversed(_BYTES.items()):
        if count >= length and count % length == 0:
            return f"{count // length}{unit}"
    if count % 1024:
        raise ValueError(f"{count} bytes are no whole number of KiB")
    return f"{count // 1024}Ki"


def cpu(value: object) -> int:
    """Thousandths of a processor: `500m`, `2` or `0.5`."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    if isinstance(value, str):
        if match := re.fullmatch(r"([0-9]{1,7})m", value):
            return int(match[1])
        if match := re.fullmatch(r"([0-9]{1,4})(?:\.([0-9]{1,3}))?", value):
            return int(match[1]) * 1_000 + int((match[2] or "").ljust(3, "0"))
    shown = f"{value!r} " if isinstance(value, str) else ""
    raise ValueError(f"{shown}is not a share of processors; write 500m, 0.5 or 2")


def _duration_hint(text: str) -> str:
    lower = text.strip().lower()
    if re.fullmatch(r"[0-9]{1,12}", lower):
        return f"it has no unit: write {lower}s for seconds or {lower}m for minutes"
    if match := re.fullmatch(r"([0-9]{1,12})\s*(ms|millis|milliseconds?)", lower):
        return f"the smallest unit is the second: write {max(1, int(match[1]) // 1_000)}s"
    if match := re.fullmatch(r"([0-9]{1,12})\s*(mo|mon|months?)", lower):
        return f"a month has no fixed length: write {int(match[1]) * 30}d"
    if match := re.fullmatch(r"([0-9]{1,12})\s*([a-z]+)", lower):
        unit = _SPOKEN.get(match[2], match[2])
        if unit in _SECONDS:
            return f"write {_both_ways(int(match[1]), unit)}"
    if re.fullmatch(r"(\s*[0-9]{1,9}[smhdwy])+", lower):
        parts = re.findall(r"([0-9]+)([smhdwy])", lower)
        total = sum(int(number) * _SECONDS[unit] for number, unit in parts)
        return f"only one unit is understood: write {format_duration(total)}"
    return "write a number with a unit, such as 90s, 5m, 6h, 30d, 52w, 2y"


def _both_ways(number: int, unit: str) -> str:
    smaller = _NEXT_SMALLER.get(unit)
    if smaller is None:
        return f"{number}{unit}"
    return f"{number}{unit} or {number * _SECONDS[unit] // _SECONDS[smaller]}{smaller}"


def _size_hint(text: str) -> str:
    lower = text.strip().lower()
    if re.fullmatch(r"[0-9]{1,12}", lower):
        return f"it has no unit: write {lower}Gi or {lower}Mi"
    if match := re.fullmatch(r"([0-9]{1,12})\s*([kmgtp])(?:i?b|i)?", lower):
        return f"write {match[1]}{match[2].upper()}i"
    if match := re.fullmatch(r"([0-9]{1,6})\.([0-9]{1,3})\s*([mgtp])(?:i?b|i)?", lower):
        units = list(_BYTES)
        below = units[units.index(f"{match[3].upper()}i") - 1]
        return f"write whole numbers: {round(float(f'{match[1]}.{match[2]}') * 1024)}{below}"
    return "write a number with a unit, such as 20Gi or 512Mi"
