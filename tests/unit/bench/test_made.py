"""What the made fleet does when InfluxDB is too busy to take a portion.

Leaves out what is written, and InfluxDB itself: `python -m tests.bench boards` measures with both.
"""

from __future__ import annotations

from urllib.error import URLError

import pytest

from tests.bench import made


class Busy:
    """A server that gives these answers to writes, one after the other."""

    def __init__(self, *answers: int | Exception) -> None:
        self.answers, self.taken = list(answers), []

    def write(self, lines: str, *, bucket: str) -> int:
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        self.taken.append((bucket, lines))
        return answer


@pytest.fixture
def pauses(monkeypatch):
    """Pauses that were made, in seconds; none is waited for."""
    found: list[float] = []
    monkeypatch.setattr(made.time, "sleep", found.append)
    return found


def test_a_write_is_tried_again_while_influxdb_is_busy(pauses):
    server = Busy(429, 503, 500, TimeoutError(), URLError(TimeoutError()), 204)
    made.write(server, "raw", ["a x=1 1", "b x=1 1"])
    assert server.taken[-1] == ("raw", "a x=1 1\nb x=1 1")
    assert not server.answers
    assert len(pauses) == 5
    assert pauses == sorted(set(pauses))


def test_what_influxdb_refuses_for_good_ends_the_fill_at_once(pauses):
    with pytest.raises(AssertionError, match="400"):
        made.write(Busy(400), "raw", ["not a line"])
    assert pauses == []


def test_a_fill_ends_where_influxdb_stays_busy(pauses):
    with pytest.raises(AssertionError, match="503"):
        made.write(Busy(*[503] * 50), "raw", ["a x=1 1"])
    assert 3 <= len(pauses) < 50


def test_a_fill_ends_where_nobody_listens(pauses):
    with pytest.raises(URLError):
        made.write(Busy(URLError(ConnectionRefusedError())), "raw", ["a x=1 1"])
    assert pauses == []
