"""Covers what `explain` says of a device's ports, counters and neighbours, from a lock that is
written down here. The rest of its lines is shown in docs/noc.md, which is tested."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from collectors.facts import Facts, Found, InterfaceKey, Neighbour
from tigctl.cli.main import main
from tigctl.spec import lock

IF, IFX = "1.3.6.1.2.1.2.2.1", "1.3.6.1.2.1.31.1.1.1"


def explained(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], facts: Facts, settings: str = ""
) -> list[str]:
    tenant = tmp_path / "tenants/acme"
    tenant.mkdir(parents=True)
    credentials = "credentials: {default: {version: 2c, community: {env: C}}}\n"
    (tmp_path / "fleet.yaml").write_text(credentials)
    (tenant / "tenant.yaml").write_text(settings)
    (tenant / "devices.csv").write_text("name,address\nsw1,10.0.0.1\n")
    lock.write(tenant / "devices.lock.json", {"sw1": Found("10.0.0.1", 161, facts)})
    assert main(["--workspace", str(tmp_path), "explain", "acme", "sw1"]) == 0
    return capsys.readouterr().out.splitlines()


def facts(rows: int, **more: object) -> Facts:
    columns = (f"{IF}.7", f"{IF}.8", f"{IF}.10", f"{IF}.16", f"{IFX}.1", f"{IFX}.15")
    answers = dict.fromkeys(columns, rows)
    return Facts("default", "1.3.6.1.4.1.99999.1", "a switch", "sw1", answers=answers, **more)  # type: ignore[arg-type]  # fields of the facts


def test_it_says_what_nearly_fits_and_where_an_unknown_device_is_learnt(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = tmp_path / "profiles"
    own.mkdir()
    for name, more in (("a", "sysdescr: '^a router'"), ("b", "answers: [1.3.6.1.4.1.99999.5]")):
        text = f"sysobjectid: 1.3.6.1.4.1.99999.*\ntigctl: {{description: x, {more}}}\n"
        (own / f"{name}.yaml").write_text(text)

    said = explained(tmp_path, capsys, facts(2))

    text = " ".join(" ".join(said).split())
    assert "- a: sysDescr does not fit ^a router" in text
    assert "- b: no answer to 1.3.6.1.4.1.99999.5" in text
    assert "tigctl profiles learn sw1" in text
    assert len([line for line in said if "no answer: " in line]) == 1, "one line for all the rest"


def test_each_object_is_shown_with_its_source_and_unit(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    explained(tmp_path, capsys, facts(2))
    assert main(["--workspace", str(tmp_path), "explain", "acme", "sw1", "--objects"]) == 0

    said = " ".join(capsys.readouterr().out.split())
    assert f"{IF}.10 IF-MIB::ifInOctets → interface ifInOctets (B)" in said
    assert f"{IFX}.1 IF-MIB::ifName → names or chooses rows" in said


def test_the_rule_is_shown_where_it_holds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = explained(tmp_path / "a", capsys, facts(2_001))
    assert (
        "ports       only those not switched off give points, for there are more than 2,000"
        " (interfaces in" in "\n".join(lines)
    )
    lines = explained(tmp_path / "b", capsys, facts(48))
    assert not any(line.startswith("ports ") for line in lines)
    lines = explained(tmp_path / "c", capsys, facts(48), "interfaces: {above: 0, types: [6]}\n")
    assert any(
        line.startswith("ports       only those not switched off and of type 6") for line in lines
    )


def test_counters_that_wrap_and_ports_without_names_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = explained(tmp_path, capsys, facts(48, fastest=1_000, interface_key=InterfaceKey.INDEX))
    text = " ".join(line.strip() for line in lines)
    assert "counters    of 32 bits only: they wrap after 34 s at 1,000 Mbit/s" in text
    assert "names       interfaces have no names of their own" in text


def test_neighbours_are_listed_and_the_rest_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    beside = tuple(Neighbour("lldp", f"Gi{n}", f"n{n}\x1b[2J", "up") for n in range(14))
    lines = explained(tmp_path, capsys, facts(48, neighbours=beside))
    at = lines.index("beside      Gi0 to n0·[2J up (LLDP)")
    assert lines[at + 12] == "            and 2 more"


def test_it_says_on_whom_a_device_hangs_and_how_that_is_known(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tenant = tmp_path / "tenants/acme"
    tenant.mkdir(parents=True)
    (tmp_path / "fleet.yaml").write_text(
        "credentials: {default: {version: 2c, community: {env: C}}}\n"
    )
    (tenant / "tenant.yaml").write_text("")
    rows = "core,10.0.0.1,\nsw1,10.0.0.2,\nsw2,10.0.0.3,core\n"
    (tenant / "devices.csv").write_text(f"name,address,parent\n{rows}")
    beside = tuple(Neighbour("lldp", f"Gi{n}", name, "Te1") for n, name in enumerate(("sw1", "x")))
    told = replace(facts(4), sys_name="core", neighbours=beside)
    lock.write(tenant / "devices.lock.json", {"core": Found("10.0.0.1", 161, told)})
    said = {}
    for name in ("core", "sw1", "sw2"):
        assert main(["--workspace", str(tmp_path), "explain", "acme", name]) == 0
        lines = capsys.readouterr().out.splitlines()
        said[name] = [one for one in lines if one.startswith("hangs on")]
    assert said == {
        "core": [],
        "sw1": ["hangs on    core (by Te1 to Gi0, lldp)"],
        "sw2": ["hangs on    core (the inventory says)"],
    }
