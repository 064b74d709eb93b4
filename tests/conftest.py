"""What all tests share: the flag that writes golden files anew, Hypothesis without a clock,
and programs that can be interrupted.
"""

from __future__ import annotations

import os
import signal

import pytest
from hypothesis import HealthCheck, settings

# A busy machine is no fault of the code under test. In CI the same commit is judged by the same
# examples each time; everywhere else each run tries others.
settings.register_profile(
    "tigctl",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    print_blob=True,
    derandomize=os.environ.get("CI") == "true",
)
settings.load_profile("tigctl")

# A shell has what it starts in the background ignore an interrupt, and so would every program
# that a test starts, and waits for after having interrupted it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write the expected/ files of the golden cases anew; then read the difference",
    )


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    """Whether golden files are written instead of compared."""
    return bool(request.config.getoption("--update-golden"))
