"""Covers every shipped alert rule on a real InfluxDB: its own cases, each of which must fire or
keep silent; that each rule has both kinds; and what a tenant's settings change: limits and
exceptions by site, role and device, maintenance once and every week; and that nothing runs on
when the one who checks them is killed. What Grafana makes of a
rule is left to tests/unit/render/alerts and tests/integration/test_grafana.py.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tigctl.backends.influxdb import Influx
from tigctl.plan import alert_test
from tigctl.plan.alert_cases import run
from tigctl.render.alerts import flux
from tigctl.render.alerts import grafana as rendered
from tigctl.render.alerts.flux import Context, Watched
from tigctl.render.alerts.load import load
from tigctl.spec.alerts import Alerts, Window
from tigctl.targets import scratch

pytestmark = pytest.mark.real

RULES = load((), Path())
ONE = timedelta(minutes=1)
_CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def influx() -> Iterator[Influx]:
    with scratch.influxdb() as running:
        yield running


def test_every_case_of_every_rule_comes_out_as_it_says(influx: Influx) -> None:
    outcomes = list(run(RULES.values(), influx))
    assert len(outcomes) >= 2 * len(RULES)
    assert not [one for one in outcomes if one.wrong]


def test_a_case_that_is_wrong_is_told(influx: Influx) -> None:
    rule = RULES["cpu-high"]
    case = rule.rule.cases[0].model_copy(update={"fires": ("another",)})
    changed = rule.rule.model_copy(update={"cases": (case,)})
    wrong = type(rule)(rule.name, rule.file, changed, rule.included)
    (outcome,) = run([wrong], influx)
    assert outcome.wrong == "fires for sw-1, expected another"


@pytest.mark.parametrize(("state", "expected"), [(1, {"Gi1"}), (2, set())])
def test_a_port_that_history_alone_knows_to_have_been_up_is_told(
    influx: Influx, state: int, expected: set[str]
) -> None:
    end = datetime(2031, 1, 1 + state, tzinfo=UTC)
    tags = f"interface,device=past{state},ifName=Gi1,ifAlias=printer"
    polls = range(int((end - 2 * 60 * ONE).timestamp()), int(end.timestamp()), 60)
    influx.write("raw", "\n".join(f"{tags} ifOperStatus=2i,ifAdminStatus=1i {at}" for at in polls))
    influx.write("1h", f"{tags} ifOperStatus={state}i {int((end - 20 * 60 * ONE).timestamp())}")
    context = Context((Watched(f"past{state}"),), 60, Alerts(), {})
    rows = influx.query(flux.query(RULES["interface-down"], context, at=end))
    assert {str(row["ifName"]) for row in rows if row["device"] == f"past{state}"} == expected


def test_a_killed_check_leaves_no_influxdb_behind() -> None:
    program = (
        "import os, pathlib, time\n"
        "from tigctl.targets import scratch\n"
        "with scratch.influxdb():\n"
        "    children = pathlib.Path(f'/proc/self/task/{os.getpid()}/children')\n"
        "    print(children.read_text(), flush=True)\n"
        "    time.sleep(600)\n"
    )
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, cwd=_CHECKOUT, stdout=subprocess.PIPE, text=True) as checking:
        assert checking.stdout
        (child,) = checking.stdout.readline().split()
        status = Path("/proc", child, "status")
        assert "influxd" in status.read_text()
        checking.kill()
    deadline = time.monotonic() + 30
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        while "State:\tZ" not in status.read_text():
            assert time.monotonic() < deadline, "influxd runs on"
            time.sleep(0.1)


# Settings

_BEGIN = datetime(2030, 1, 6, 12, 0, tzinfo=UTC)  # a Sunday
DEVICES = (
    Watched("core", site="hq", role="core"),
    Watched("edge", site="branch", role="access"),
    Watched('odd "name" ${x}', site="branch", role="access"),
)


@pytest.fixture(scope="module")
def busy(influx: Influx) -> Influx:
    """Three devices whose processors are at 95 % for a whole day."""
    lines = []
    for minute in range(24 * 60):
        at = int((_BEGIN + minute * ONE).timestamp())
        for one in DEVICES:
            name = one.name.replace(" ", "\\ ")
            tags = f"device={name},site={one.site},role={one.role},cpu=0"
            lines.append(f"cpu,{tags} usage_percent=95 {at}")
    influx.write("raw", "\n".join(lines))
    return influx


def _fires(influx: Influx, at: datetime, alerts: Alerts, **windows: Window) -> set[str]:
    context = Context(DEVICES, 60, alerts, windows)
    rows = influx.query(flux.query(RULES["cpu-high"], context, at=at))
    return {str(row["device"]) for row in rows}


ALL = {one.name for one in DEVICES}
NOON = _BEGIN + 60 * ONE


def _alerts(**settings: object) -> Alerts:
    return Alerts.model_validate(settings)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, ALL),
        ({"rules": {"cpu-high": {"limits": {"percent": 96}}}}, set()),
        (
            {"exceptions": [{"rule": "cpu-high", "site": ["hq"], "limits": {"percent": 99}}]},
            ALL - {"core"},
        ),
        (
            {"exceptions": [{"rule": "cpu-high", "role": ["access"], "enabled": False}]},
            {"core"},
        ),
        (
            {
                "exceptions": [
                    {"rule": "cpu-high", "role": ["access"], "enabled": False},
                    {"rule": "cpu-high", "device": ["edge"]},
                ]
            },
            {"core", "edge"},
        ),
        ({"exceptions": [{"rule": "memory-high", "enabled": False}]}, ALL),
        (
            {"exceptions": [{"rule": "cpu-high", "device": [DEVICES[2].name], "enabled": False}]},
            {"core", "edge"},
        ),
    ],
)
def test_settings_decide_for_whom_a_rule_fires(
    busy: Influx, settings: dict[str, object], expected: set[str]
) -> None:
    assert _fires(busy, NOON, _alerts(**settings)) == expected


def test_nobody_is_called_in_a_window(busy: Influx) -> None:
    once = Window.model_validate({"from": "2030-01-06T14:00", "to": "2030-01-06T15:00"})
    before, inside, after = (
        _fires(busy, _BEGIN + minutes * ONE, Alerts(), once=once) for minutes in (119, 120, 180)
    )
    assert (before, inside, after) == (ALL, set(), ALL)


def test_a_window_may_be_meant_for_some_only(busy: Influx) -> None:
    window = Window.model_validate(
        {"from": "2030-01-06T14:00+02:00", "to": "2030-01-06T15:00+02:00", "site": ["branch"]}
    )
    assert _fires(busy, NOON - 30 * ONE, Alerts(), branch=window) == {"core"}


def test_a_weekly_window_passes_midnight_and_keeps_to_its_zone(busy: Influx) -> None:
    weekly = Window.model_validate(
        {"weekly": ["sun"], "at": "23:30", "lasts": "2h", "timezone": "Europe/Berlin"}
    )
    # 23:30 in Berlin is 22:30 UTC in January; it ends at 00:30 UTC on Monday.
    times = [datetime(2030, 1, 6, 22, 29, tzinfo=UTC) + minutes * ONE for minutes in (0, 1, 120)]
    fired = [_fires(busy, at, Alerts(), night=weekly) for at in (*times, times[-1] + ONE)]
    assert fired == [ALL, set(), set(), ALL]


def test_a_saturday_s_window_reaches_into_sunday(busy: Influx) -> None:
    weekly = Window.model_validate({"weekly": ["sat"], "at": "23:00", "lasts": "14h"})
    assert _fires(busy, NOON - ONE, Alerts(), weekend=weekly) == set()
    assert _fires(busy, NOON, Alerts(), weekend=weekly) == ALL


def test_a_test_on_purpose_gives_one_row_with_its_labels(influx: Influx) -> None:
    rule = alert_test.made(
        rendered.alerting("acme", [RULES["cpu-high"]], Context(DEVICES, 60, Alerts(), {})).rules[0],
        {"device": 'odd "name" ${x}', "site": "hq"},
    )
    query = json.loads(rule.json)["data"][0]["model"]["query"]
    (row,) = influx.query(query)
    assert (row["device"], row["site"], row["_value"]) == ('odd "name" ${x}', "hq", 1.0)
