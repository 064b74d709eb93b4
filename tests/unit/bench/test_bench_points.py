"""What the benchmarks conclude from Telegraf's output, and how a figure is printed.

Leaves out the measurements themselves: they take minutes and are no tests.
"""

from __future__ import annotations

import tomllib

import pytest

from tests.bench import official, points, stage
from tests.bench.report import Figure

LINES = """\
system,device=a,site=x uptime_seconds=1 10000000000
system,device=a,site=x uptime_seconds=2 20000000000
system,site=x,device=b sysName="system,device=c x" 10000000000
interface,device=a,ifName=1\\ 2 ifOperStatus=1i,ifMtu=1500i 10000000000
interface,device=a,ifName=2 ifMtu=1500i 10000000000
system_other,device=z x=1 10000000000
system x=1 10000000000
"""


@pytest.fixture
def lines(tmp_path):
    path = tmp_path / "lines"
    path.write_text(LINES)
    return path


def test_times_are_by_device_and_of_that_measurement_only(lines):
    assert points.times(lines, "system", "device") == {"a": [10.0, 20.0], "b": [10.0]}


def test_points_are_counted_by_measurement_and_field(lines):
    counted = points.count(lines, {"system": "uptime_seconds", "interface": "ifOperStatus"})
    assert counted == {"system": 2, "interface": 1}


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ([5, 15, 25, 35], 0),
        ([9, 19, 29, 39], 0),
        ([5, 15, 35], 1),  # one left out in the middle
        ([5, 35], 2),
        ([25, 35], 2),  # late to begin
        ([5], 3),  # never came back
        ([], 4),
        ([5, 16, 24, 35], 0),  # uneven, but all there
    ],
)
def test_intervals_without_a_point_are_counted(at, expected):
    assert points.missed(at, 10, 0, 40) == expected


def test_lateness_is_the_widest_gap_beyond_the_interval():
    assert points.lateness([0, 10, 21, 30], 10) == pytest.approx(0.1)
    assert points.lateness([0, 9, 18], 10) == 0.0
    assert points.lateness([0], 10) == 0.0


@pytest.mark.parametrize(
    ("figure", "row"),
    [
        (Figure("a", 0.12, "s", 0.15), "| a | 0.120 s | ≤ 0.150 s | 0.80 |"),
        (Figure("a", 3, "s", 2), "| a | 3 s | ≤ 2 s | 1.50 MISSED |"),
        (Figure("a", 1, "", 0), "| a | 1  | ≤ 0  | MISSED |"),
        (Figure("a", 0, "", 0), "| a | 0  | ≤ 0  | met |"),
        (Figure("a", 12345.6, "B"), "| a | 12,345.6 B | – | – |"),
        (Figure("a", float("inf"), "×", 1), "| a | inf × | ≤ 1 × | inf MISSED |"),
    ],
)
def test_a_figure_says_how_much_of_its_goal_it_used(figure, row):
    assert figure.row() == row


def test_the_official_style_reads_all_columns_of_both_tables_for_all_agents_at_once(tmp_path):
    path = official.write(tmp_path / "c.conf", ["udp://127.0.0.1:1", "udp://127.0.0.2:1"], "c", 60)
    [plugin] = tomllib.loads(path.read_text())["inputs"]["snmp"]
    assert len(plugin["agents"]) == 2
    assert [len(table["field"]) for table in plugin["table"]] == [22, 19]
    oids = [field["oid"] for table in plugin["table"] for field in table["field"]]
    assert oids[9] == "1.3.6.1.2.1.2.2.1.10"
    assert plugin["table"][1]["field"][5]["name"] == "ifHCInOctets"
    assert "max_repetitions" not in plugin


def test_outputs_are_replaced_and_the_rest_kept(tmp_path):
    config = tmp_path / "given.conf"
    config.write_text(
        '[agent]\ninterval = "60s"\n[[outputs.influxdb_v2]]\ntoken = "${T}"\n'
        '[[inputs.ping]]\nurls = ["127.0.0.1"]\n'
    )
    lines = tmp_path / "out.lines"
    data = tomllib.loads(stage.to_file(config, lines, precision="1ms").read_text())
    assert data["outputs"] == {"file": [{"files": [str(lines)], "data_format": "influx"}]}
    assert data["agent"] == {"interval": "60s", "precision": "1ms"}
    assert data["inputs"] == {"ping": [{"urls": ["127.0.0.1"]}]}
    both = tomllib.loads(stage.to_file(config, lines, keep_outputs=True).read_text())
    assert set(both["outputs"]) == {"influxdb_v2", "file"}
