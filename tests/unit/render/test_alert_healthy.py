"""Covers the healthy device beside each case of an alert rule: what it tells, and what it leaves to
the case. That no rule fires for it is shown in tests/integration/test_alert_rules.py.
"""

from __future__ import annotations

import re

import pytest

from collectors.datamodel import MEASUREMENTS, FieldType, field_type
from tigctl.render.alerts.healthy import NAME, beside
from tigctl.render.alerts.model import Case


def _told(*series: str, samples: int = 3) -> list[str]:
    case = Case.model_validate({"name": "made", "series": dict.fromkeys(series, "1")})
    return list(beside(case, samples, 1000))


def _speaks_of(lines: list[str]) -> set[str]:
    return {line.partition(",")[0] for line in lines}


def test_it_tells_of_everything_that_changes_in_the_data_model() -> None:
    assert _speaks_of(_told()) == set(MEASUREMENTS) - {"inventory"}


def test_types_are_those_of_the_data_model() -> None:
    for line in _told(samples=1):
        series, told, at = re.split(r"(?<!\\) ", line)
        assert at == "1000"
        assert f",device={NAME}" in series
        for field, value in (one.split("=") for one in told.split(",")):
            written = {'"': FieldType.STRING, "i": FieldType.INTEGER}.get(
                value[-1], FieldType.FLOAT
            )
            assert written == field_type(series.partition(",")[0], field), field


@pytest.mark.parametrize(
    ("series", "silent"),
    [
        ("cpu,device=a,cpu=0 usage_percent", {"cpu"}),
        ("system,device=a uptime_seconds", {"ping", "tcp", "collector"}),
    ],
)
def test_what_a_case_speaks_of_is_left_to_the_case(series: str, silent: set[str]) -> None:
    assert _speaks_of(_told()) - _speaks_of(_told(series)) == silent


def test_of_a_measurement_only_the_fields_that_a_case_speaks_of_are_left_to_it() -> None:
    """So a rule that asks for the measurement or the field, rather than both, is seen."""
    (line,) = (one for one in _told("memory,device=a,pool=x used_percent", samples=1)
               if one.startswith("memory"))  # fmt: skip
    assert line == f"memory,device={NAME},pool=main used_bytes=4000000000.0 1000"


def test_of_signs_of_life_only_texts_stay_where_a_case_speaks_of_any() -> None:
    lines = [one for one in _told("ping,device=a result_code") if one.startswith("system")]
    assert {one.split()[1] for one in lines} == {f'sysName="{NAME}"'}


def test_of_sensors_only_the_class_that_a_case_speaks_of_is_left_to_it() -> None:
    lines = _told("sensor,device=a,class=humidity,sensor=Room value")
    assert not [line for line in lines if "class=humidity" in line]
    assert [line for line in lines if "class=voltage" in line]


def test_its_samples_lie_beside_those_of_the_case_and_counters_rise() -> None:
    ports = [line for line in _told(samples=3) if line.startswith("interface")]
    assert [line.rpartition(" ")[2] for line in ports] == ["880", "940", "1000"]
    counts = [int(re.search(r"ifHCInOctets=(\d+)i", line)[1]) for line in ports]
    assert counts == sorted(set(counts))
