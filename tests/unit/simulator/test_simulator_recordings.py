"""The demo's devices on paper: recordings cut and set in motion, inventory and simulation agree.

Leaves out serving them: that needs fixed addresses and is what the test of the demo does.
"""

from __future__ import annotations

import pytest

from tests.simulator import recordings, simulated

OPER_STATUS, IN_OCTETS = "1.3.6.1.2.1.2.2.1.8", "1.3.6.1.2.1.2.2.1.10"
HC_IN = "1.3.6.1.2.1.31.1.1.1.6"
TEXT = f"""# a comment
1.3.6.1.2.1.1.5.0|4|somebody
1.3.6.1.2.1.1.3.0|67|123456
1.3.6.1.2.1.2.2.1.5.1|66|1000000000
1.3.6.1.2.1.2.2.1.5.2|66|1000000000
{OPER_STATUS}.1|2|1
{OPER_STATUS}.2|2|2
{IN_OCTETS}.1|65|777
{IN_OCTETS}.2|65|888
{HC_IN}.1|70|5000000000
1.3.6.1.2.1.25.3.3.1.2.1|2|40
1.3.6.1.2.1.17.4.3.1.1.1|4|a forwarding table
1.3.6.1.4.1.9.9.13.1.1.0|2|1
this is no row
1.3.6.1.4.1.9.9.13.1.1.0|2|7
"""


def derived(text: str = TEXT, name: str = "core") -> dict[str, tuple[str, str]]:
    rows = [line.split("|", 2) for line in recordings.derive(text, name).splitlines()]
    return {oid: (tag, value) for oid, tag, value in rows}


def test_uptime_runs_and_the_name_is_the_inventorys():
    rows = derived()
    assert rows["1.3.6.1.2.1.1.5.0"] == ("4", "core")
    assert rows["1.3.6.1.2.1.1.3.0"] == ("67:numeric", "rate=100,initial=123456,wrap=1")


def test_counters_run_on_ports_that_are_up_only():
    rows = derived()
    assert rows[f"{IN_OCTETS}.2"] == ("65", "888")
    narrow, wide = rows[f"{IN_OCTETS}.1"], rows[f"{HC_IN}.1"]
    assert narrow[0] == "65:numeric"
    assert wide[0] == "70:numeric"
    rates = [dict(part.split("=") for part in row[1].split(",")) for row in (narrow, wide)]
    assert rates[0]["rate"] == rates[1]["rate"]  # the same octets, counted twice
    assert 0 < float(rates[0]["rate"]) <= 0.41 * 1_000_000_000 / 8
    assert [rate["initial"] for rate in rates] == ["777", "5000000000"]


def test_loads_wander_around_what_was_recorded():
    tag, value = derived()["1.3.6.1.2.1.25.3.3.1.2.1"]
    assert tag == "2:numeric"
    assert "function=sin" in value
    assert "offset=40" in value


def test_tables_that_no_monitor_asks_are_left_out_and_the_first_of_two_counts():
    rows = derived()
    assert not any(oid.startswith("1.3.6.1.2.1.17.") for oid in rows)
    assert rows["1.3.6.1.4.1.9.9.13.1.1.0"] == ("2", "1")


def test_big_trees_of_an_enterprise_are_left_out_but_for_those_with_sensors():
    def table(root: str) -> str:
        return "".join(f"{root}.{n}|2|1\n" for n in range(2_000))

    assert not derived(table("1.3.6.1.4.1.9.9.109.1.2"))
    assert len(derived(table("1.3.6.1.4.1.2636.3.1.13.1"))) == 2_000


def test_rows_come_in_mib_order_and_the_same_each_time():
    shuffled = "".join(reversed(TEXT.splitlines(keepends=True)[1:-1]))
    oids = list(derived(shuffled))
    assert oids == sorted(oids, key=lambda oid: [int(arc) for arc in oid.split(".")])
    assert recordings.derive(TEXT, "core") == recordings.derive(TEXT, "core")


def test_the_demo_has_enough_devices_of_enough_vendors():
    devices = simulated.load()
    assert len(devices) >= 24
    assert len({device.vendor for device in devices if device.vendor}) >= 12
    kinds = [device.kind for device in devices]
    assert set(kinds) == set(simulated.KINDS)
    assert [kinds.count(kind) for kind in ("dead", "locked", "slow", "snmpd")] == [1, 1, 1, 1]
    assert {"default", "legacy", "core"} == {device.credentials for device in devices}
    assert len({(device.address, device.port) for device in devices}) == len(devices)


def served() -> list[simulated.Simulated]:
    files = (simulated.RECORDED, simulated.OWN, simulated.LOCKED)
    return [device for device in simulated.load() if device.kind in files]


@pytest.mark.parametrize("device", served(), ids=lambda device: device.name)
def test_every_recording_is_there_and_says_who_it_is(device):
    folder = simulated.RECORDINGS if device.kind == simulated.OWN else recordings.SHIPPED
    rows = derived(recordings.read(folder / device.source), device.name)
    assert rows["1.3.6.1.2.1.1.2.0"][0] == "6"
    assert rows["1.3.6.1.2.1.1.5.0"] == ("4", device.name)
    assert rows["1.3.6.1.2.1.1.3.0"][0] == "67:numeric"
    assert len(rows) < 15_000  # else starting takes long


@pytest.mark.parametrize(
    "path", sorted(simulated.RECORDINGS.glob("*.snmprec")), ids=lambda p: p.stem
)
def test_own_recordings_are_used_whole(path):
    used = {device.source for device in simulated.load() if device.kind == simulated.OWN}
    assert path.name in used
    rows = [line for line in path.read_text().splitlines() if not line.startswith("#")]
    assert len(derived(path.read_text())) == len(rows)


def test_files_that_disagree_are_named(tmp_path):
    (tmp_path / "tenants" / "acme").mkdir(parents=True)
    (tmp_path / "devices").mkdir()
    (tmp_path / "tenants/acme/devices.csv").write_text("name,address,port,tcp,credentials\na,,,,\n")
    (tmp_path / "devices/simulated.csv").write_text("name,vendor,kind,source\nb,,,\n")
    with pytest.raises(ValueError, match="a, b"):
        simulated.load(tmp_path)
