"""Covers the notation of samples in an alert rule's cases, and what the made series become.
Whether rules fire is left to tests/integration/test_alert_rules.py.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tigctl.render.alerts.cases import devices, lines, samples
from tigctl.render.alerts.model import Case


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("", []),
        ("5", ["5.0"]),
        ("5x2", ["5.0"] * 3),
        ("0+5x3", ["0.0", "5.0", "10.0", "15.0"]),
        ("10-2.5x2 -1", ["10.0", "7.5", "5.0", "-1.0"]),
        ("1 _ 2 _x2 3", ["1.0", None, "2.0", None, None, "3.0"]),
        ("'on battery'x1 'mains'", ["on battery", "on battery", "mains"]),
    ],
)
def test_samples(written: str, expected: list[str | None]) -> None:
    assert list(samples(written)) == expected


@pytest.mark.parametrize("written", ["five", "5 x2", "1x", "1 2 'open", "_y3", "5..2"])
def test_what_is_no_sample(written: str) -> None:
    with pytest.raises(ValueError, match="is no sample"):
        list(samples(written))


@given(st.lists(st.tuples(st.integers(-999, 999), st.integers(0, 9)), max_size=9))
def test_as_many_samples_as_are_written(parts: list[tuple[int, int]]) -> None:
    written = " ".join(f"{value}x{times}" for value, times in parts)
    expected = [repr(float(value)) for value, times in parts for _ in range(times + 1)]
    assert list(samples(written)) == expected


def _case(**given: object) -> Case:
    return Case.model_validate({"name": "made", **given})


def test_the_last_sample_is_the_newest_and_types_are_those_of_the_data_model() -> None:
    case = _case(
        series={
            "interface,device=a,ifName=Gi1 ifOperStatus": "1 _ 2",
            "cpu,device=b,cpu=0 usage_percent": "50",
            "sensor,device=b,class=state,sensor=Fan\\ 1 text": "'say \"no\"'",
        }
    )
    assert list(lines(case, 1000)) == [
        "interface,device=a,ifName=Gi1 ifOperStatus=1i 880",
        "interface,device=a,ifName=Gi1 ifOperStatus=2i 1000",
        "cpu,device=b,cpu=0 usage_percent=50.0 1000",
        'sensor,device=b,class=state,sensor=Fan\\ 1 text="say \\"no\\"" 1000',
    ]


@pytest.mark.parametrize(
    ("series", "written", "said"),
    [
        ("cpu usage_percent extra", "1", "is no series"),
        ("cpu,device=a", "1", "is no series"),
        ("cpu,device=a usage_percent", "'high'", "is a text"),
    ],
)
def test_what_is_no_series(series: str, written: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        list(lines(_case(series={series: written}), 0))


def test_devices_are_those_of_the_series() -> None:
    case = _case(
        series={
            "cpu,device=a\\ b,site=hq,role=core,cpu=0 usage_percent": "1",
            "ping,device=c percent_packet_loss": "1",
            "collector,input=telegraf-0 metrics_written": "1",
        },
        devices={"c": "a b"},
    )
    found = {one.name: (one.site, one.role, one.parent) for one in devices(case)}
    assert found == {"a b": ("hq", "core", ""), "c": ("", "", "a b")}
