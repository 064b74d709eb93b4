"""What is odd about profiles that load without a fault: remarks for their authors. Pure.

A fault (load.py, metrics.py) makes a profile unusable; a remark means that it probably does not
do what was meant: it never fits, settles a tie by its name, reads in vain, or mistakes a unit.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator

from collectors.errors import ProfileFault
from collectors.knowledge.match import fits
from collectors.knowledge.model import Library, Metric, Profile, Symbol
from collectors.knowledge.reads import names_of

# enterprises: below it every vendor has a number of its own (RFC 2578).
_ENTERPRISES = "1.3.6.1.4.1"
_WHOLE = 100


def remarks(library: Library, *, own: bool = False) -> tuple[ProfileFault, ...]:
    """What is odd, by file; `own` leaves out what concerns shipped profiles only.

    The line is 0: a remark is about a profile, not about a place in it.
    """
    found: dict[str, list[str]] = defaultdict(list)
    extended = {metric.profile for profile in library.profiles for metric in profile.metrics}
    for profile in library.profiles:
        found[profile.name] += _matching(profile, used=_is_extended(profile, library))
        for metric in profile.metrics:
            # An inherited metric is remarked on where it stands.
            if metric.profile == profile.name:
                found[profile.name] += _metric(metric)
        found[profile.name] += _objects(profile)
    for first, second, pattern in _ties(library):
        found[second.name].append(
            f"fits the same devices as {first.name} ({pattern}) and comes after it by name only;"
            " tell them apart by a longer pattern, sysdescr or answers"
        )
    del extended
    return tuple(
        ProfileFault(profile.file, 0, message)
        for profile in library.profiles
        if profile.own or not own
        for message in found[profile.name]
    )
