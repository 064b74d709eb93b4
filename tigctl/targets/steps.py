"""Tells an observer when a step begins and when it has ended."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator

from tigctl.targets.interface import Observer, Step


@contextlib.contextmanager
def step(observe: Observer, name: str) -> Iterator[Callable[[str], None]]:
    """Runs a block as one step; the block may say in a word what came of it.

    A step that fails does not end: the error says the rest.
    """
    details = [""]
    started = time.monotonic()
    observe(Step(name))
    yield details.append
    observe(Step(name, details[-1], seconds=time.monotonic() - started))
