"""What tests on real programs share: a range of ports for each worker."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tigctl.targets.local.network import PORTS_VARIABLE

_FIRST, _EACH = 18_086, 100


@pytest.fixture(scope="session", autouse=True)
def own_ports() -> Iterator[None]:
    """Workers must not take each other's ports: a stopped InfluxDB's is kept for it."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    first = _FIRST + worker * _EACH
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(PORTS_VARIABLE, f"{first}-{first + _EACH - 1}")
        yield
