"""Covers finding, loading and merging a workspace, logins, warnings, neighbours.

Leaves out the wording of most faults: the golden cases in tests/golden/validate have that.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from collectors.device import Device
from tigctl.errors import InvalidFiles, UsageError
from tigctl.spec.workspace import Tenant, find, load

CREDENTIALS = "credentials: {default: {version: 2c, community: {env: SNMP_COMMUNITY}}}\n"


def write(root: Path, files: dict[str, str]) -> Path:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return root


def one(root: Path, files: dict[str, str]) -> Tenant:
    """The only tenant of a workspace, acme unless the files say otherwise."""
    files = {"tenants/acme/tenant.yaml": "", **files}
    [tenant] = load(write(root, files)).tenants.values()
    return tenant


def faults(root: Path, files: dict[str, str]) -> list[str]:
    with pytest.raises(InvalidFiles) as caught:
        load(write(root, files))
    return [str(fault) for fault in caught.value.faults]


def test_find_goes_upwards(tmp_path: Path) -> None:
    write(tmp_path, {"fleet.yaml": "", "tenants/acme/profiles/x.yaml": ""})
    assert find(tmp_path) == tmp_path
    assert find(tmp_path / "tenants" / "acme" / "profiles") == tmp_path


def test_find_without_a_workspace(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no workspace here") as caught:
        find(tmp_path)
    assert "tigctl init" in (caught.value.hint or "")
    write(tmp_path, {"fleet.yml": ""})
    with pytest.raises(UsageError, match=r"fleet\.yml, which is not read"):
        find(tmp_path)
    with pytest.raises(UsageError):
        load(tmp_path)


def test_the_smallest_workspace(tmp_path: Path) -> None:
    workspace = load(write(tmp_path, {"fleet.yaml": ""}))
    assert dict(workspace.tenants) == {}
    (tmp_path / "tenants" / "acme").mkdir(parents=True)
    acme = load(tmp_path).tenants["acme"]
    assert acme.settings.namespace == "tig-acme"
    assert acme.directory == tmp_path / "tenants" / "acme"
    assert acme.lock_path == tmp_path / "tenants" / "acme" / "devices.lock.json"
    assert acme.devices == ()
    assert acme.profile_folders == ()


def test_layers_in_order(tmp_path: Path) -> None:
    acme = one(
        tmp_path,
        {
            "fleet.yaml": (
                "polling: {interval: 50s, slow_interval: 1h}\noutage: 20m\n"
                "defaults: {ping: {count: 2}}\n"
                "classes: {gold: {polling: {interval: 40s}, ping: {method: exec}, outage: 30m}}\n"
            ),
            "tenants/acme/tenant.yaml": "class: gold\noutage: 40m\n",
        },
    )
    settings = acme.settings
    assert (settings.polling.interval, settings.polling.slow_interval) == (40, 3600)
    assert (settings.ping.count, settings.ping.method) == (2, "exec")
    assert settings.outage == 2400
    assert settings.retention.raw == 30 * 86_400


def test_the_fleets_class_is_the_default_of_all(tmp_path: Path) -> None:
    fleet = "class: gold\nclasses: {gold: {size: large}, silver: {size: small}}\n"
    files = {"fleet.yaml": fleet, "tenants/globex/tenant.yaml": "class: silver\n"}
    workspace = load(write(tmp_path, {**files, "tenants/acme/tenant.yaml": ""}))
    assert workspace.tenants["acme"].settings.size == "large"
    assert workspace.tenants["globex"].settings.size == "small"


def test_a_key_left_empty_is_not_written(tmp_path: Path) -> None:
    acme = one(
        tmp_path,
        {
            "fleet.yaml": "polling: {interval: 50s}\ntargets:\ndefaults:\n",
            "tenants/acme/tenant.yaml": "polling:\n  # interval: 40s\nretention: {raw: }\n",
        },
    )
    assert acme.settings.polling.interval == 50


def test_credentials_merge_by_name_as_a_whole(tmp_path: Path) -> None:
    acme = one(
        tmp_path,
        {
            "fleet.yaml": (
                "credentials:\n  default: {version: 2c, community: {env: A}}\n"
                "  core: {version: 2c, community: {env: B}}\n"
            ),
            "tenants/acme/tenant.yaml": "credentials: {core: {version: 3, user: noc}}\n",
        },
    )
    assert [(login.name, login.version) for login in acme.logins.values()] == [
        ("default", "2c"),
        ("core", "3"),
    ]


def test_which_logins_a_device_gets(tmp_path: Path) -> None:
    fleet = "credentials:\n  one: {version: 1, community: {env: A}}\n  two: {version: 3, user: u}\n"
    acme = one(tmp_path, {"fleet.yaml": fleet})
    names = [
        [login.name for login in acme.logins_for(device)]
        for device in (
            Device("a", "10.0.0.1"),
            Device("b", "10.0.0.2", credentials="two"),
            Device("c", "10.0.0.3", snmp=False),
        )
    ]
    assert names == [["one", "two"], ["two"], []]
    acme = one(tmp_path, {"fleet.yaml": fleet + "  default: {version: 1, community: {env: D}}\n"})
    assert [login.name for login in acme.logins_for(Device("a", "10.0.0.1"))] == ["default"]


def test_only_the_named_tenants_are_loaded(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "fleet.yaml": "",
            "tenants/acme/tenant.yaml": "",
            "tenants/globex/tenant.yaml": "nonsense: 1\n",
        },
    )
    assert list(load(tmp_path, ["acme"]).tenants) == ["acme"]
    assert dict(load(tmp_path, []).tenants) == {}
    with pytest.raises(InvalidFiles):
        load(tmp_path)
    with pytest.raises(UsageError, match="no tenant 'acem'") as caught:
        load(tmp_path, ["acem"])
    assert caught.value.hint == "did you mean 'acme'?"


def test_profile_folders_own_first(tmp_path: Path) -> None:
    acme = one(
        tmp_path, {"fleet.yaml": "", "profiles/a.yaml": "", "tenants/acme/profiles/b.yaml": ""}
    )
    assert acme.profile_folders == (
        tmp_path / "tenants" / "acme" / "profiles",
        tmp_path / "profiles",
    )


def test_a_target_of_type_kubernetes(tmp_path: Path) -> None:
    fleet = "targets: {prod: {type: kubernetes, context: noc}}\ntarget: prod\n"
    acme = one(tmp_path, {"fleet.yaml": fleet + "exposure: {grafana: {type: none}}\n"})
    assert (acme.target.type, acme.target.context) == ("kubernetes", "noc")
    [fault] = faults(tmp_path, {"fleet.yaml": fleet})
    assert fault.startswith("tenants/acme/tenant.yaml: exposure.grafana.host: is missing; type")


def test_devices_in_yaml(tmp_path: Path) -> None:
    acme = one(
        tmp_path,
        {
            "fleet.yaml": CREDENTIALS,
            "tenants/acme/devices.yaml": "- {name: a, address: 10.0.0.1, parent: b}\n"
            "- {name: b, address: 10.0.0.2}\n",
        },
    )
    assert [device.name for device in acme.devices] == ["a", "b"]


def test_a_device_without_snmp_needs_no_credentials(tmp_path: Path) -> None:
    files = {"fleet.yaml": "", "tenants/acme/devices.csv": "name,address,snmp\na,10.0.0.1,no\n"}
    assert one(tmp_path, files).devices == (Device("a", "10.0.0.1", snmp=False),)


def test_parents_of_devices_with_faults_are_known(tmp_path: Path) -> None:
    files = {
        "fleet.yaml": CREDENTIALS,
        "tenants/acme/devices.csv": "name,address,parent\na,10.0.0.1,b\nb,10.0.0.300,\n",
    }
    assert len(faults(tmp_path, files)) == 1


def test_faults_of_one_key_do_not_hide_those_of_others(tmp_path: Path) -> None:
    found = faults(
        tmp_path,
        {
            "fleet.yaml": CREDENTIALS + "images: {grafana: grafana}\n",
            "tenants/acme/tenant.yaml": (
                "polling: {interval: soon}\nnetworks: [10.0.0.0/24]\ntarget: prod\noutage: 2h\n"
                "retention: {raw: 1h}\n"
            ),
            "tenants/acme/devices.csv": "name,address,credentials\na,10.0.1.1,core\n",
        },
    )
    assert [fault.partition(" ")[0] for fault in found] == [
        "fleet.yaml:2:",
        "tenants/acme/devices.csv:2:",
        "tenants/acme/devices.csv:2:",
        "tenants/acme/tenant.yaml:1:",
        "tenants/acme/tenant.yaml:3:",
        "tenants/acme/tenant.yaml:4:",
    ]


def test_a_fault_of_a_lower_layer_is_named_there(tmp_path: Path) -> None:
    files = {"fleet.yaml": "\noutage: 10s\n", "tenants/acme/tenant.yaml": ""}
    assert faults(tmp_path, files) == [
        "fleet.yaml:2: outage: 10s is shorter than polling.interval 1m; write at least that"
    ]


def test_two_tenants_in_one_namespace(tmp_path: Path) -> None:
    files = {
        "fleet.yaml": "targets: {prod: {type: kubernetes}}\nexposure: {grafana: {type: none}}\n",
        "tenants/acme/tenant.yaml": "namespace: shared\n",
        "tenants/globex/tenant.yaml": "namespace: shared\n",
    }
    [fault] = faults(tmp_path, files)
    assert fault.startswith("tenants/globex/tenant.yaml:1: namespace: 'shared' is that of tenant")
    assert "acme too (tenants/acme/tenant.yaml:1" in fault
    files["tenants/globex/tenant.yaml"] += "target: prod\n"
    load(write(tmp_path, files))


def test_overlapping_networks_are_warned_of_per_target(tmp_path: Path) -> None:
    files = {
        "fleet.yaml": CREDENTIALS
        + "targets: {prod: {type: kubernetes}}\nexposure: {grafana: {type: none}}\n",
        "tenants/acme/tenant.yaml": "networks: [10.20.0.0/22]\n",
        "tenants/acme/devices.csv": "name,address\na,10.20.0.1\n",
        "tenants/globex/devices.csv": "name,address\na,10.20.0.1\nb,10.20.3.9\nc,10.99.0.1\n",
        "tenants/initech/devices.csv": "name,address\na,10.99.0.2\n",
    }
    [warning] = load(write(tmp_path, files)).warnings
    assert warning.startswith(
        "tenants acme and globex both poll 10.20.0.1 and 1 more on target local;"
    )
    files["tenants/globex/tenant.yaml"] = "target: prod\n"
    assert load(write(tmp_path, files)).warnings == ()


def test_hundreds_of_overlaps_are_cut_short(tmp_path: Path) -> None:
    names = [f"tenants/acme-{number}/tenant.yaml" for number in range(10)]
    files = {"fleet.yaml": "networks: [10.0.0.0/24]\n", **dict.fromkeys(names, "")}
    warnings = load(write(tmp_path, files)).warnings
    assert len(warnings) == 21
    assert warnings[-1] == "25 more pairs of tenants overlap on target local"


def test_other_warnings(tmp_path: Path) -> None:
    files = {
        "fleet.yaml": CREDENTIALS,
        "tenants/acme/tenant.yaml": "retention: {raw: 1y}\n",
        "tenants/acme/devices.csv": "name,address\na,0.0.0.0\nb,224.0.0.1\nc,ff02::1\n",
    }
    warnings = load(write(tmp_path, files)).warnings
    assert [warning.split(" ")[1] for warning in warnings[:3]] == ["a", "b", "c"]
    assert warnings[3].startswith("acme: a coarser bucket is kept for a shorter time")


@pytest.mark.parametrize(
    "name", ["Acme", "acme_1", "-acme", "acme-", "a" * 60, "acme.example", "grün", "a b"]
)
def test_folders_that_cannot_be_tenants(tmp_path: Path, name: str) -> None:
    [fault] = faults(tmp_path, {"fleet.yaml": "", f"tenants/{name}/tenant.yaml": ""})
    assert fault.startswith(f"tenants/{name}: is no name for a tenant")


@pytest.mark.parametrize("name", ["a", "acme", "acme-1", "1", "a" * 59])
def test_folders_that_can(tmp_path: Path, name: str) -> None:
    workspace = load(write(tmp_path, {"fleet.yaml": "", f"tenants/{name}/tenant.yaml": ""}))
    assert list(workspace.tenants) == [name]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("fleet.yml", ""),
        ("Fleet.yaml", ""),
        ("tenants/globex.yaml", "a tenant is a folder: tenants/NAME/tenant.yaml"),
        ("tenants/README.md", ""),
        ("tenants/.git/x", ""),
        ("tenants/acme/tenant.yml", "rename it to tenant.yaml"),
        ("tenants/acme/Tenant.yaml", "rename it to tenant.yaml"),
        ("tenants/acme/devices.yml", "rename it to devices.yaml"),
        ("tenants/acme/device.csv", "rename it to devices.csv"),
        ("tenants/acme/Devices.CSV", "rename it to devices.csv"),
        ("tenants/acme/devices.xlsx", "save it as 'CSV UTF-8' under the name devices.csv"),
        ("tenants/acme/notes.txt", ""),
        ("tenants/acme/devices.csv.bak", ""),
    ],
)
def test_files_that_are_not_read_are_not_lost_silently(
    tmp_path: Path, name: str, message: str
) -> None:
    files = {"fleet.yaml": "", "tenants/acme/x": "", name: ""}
    if not message:
        load(write(tmp_path, files))
        return
    [fault] = faults(tmp_path, files)
    assert fault.startswith(f"{name}: is not read; ")
    assert message in fault


def test_a_folder_where_a_file_belongs(tmp_path: Path) -> None:
    write(tmp_path, {"fleet.yaml": "", "tenants/acme/devices.csv/x": ""})
    with pytest.raises(InvalidFiles, match=r"devices\.csv: is a folder"):
        load(tmp_path)
    write(tmp_path / "other", {"fleet.yaml/x": "", "tenants/acme/tenant.yaml": "x: 1\n"})
    with pytest.raises(InvalidFiles) as caught:
        load(tmp_path / "other")
    assert len(caught.value.faults) == 2


def test_tenants_that_is_a_file(tmp_path: Path) -> None:
    found = faults(tmp_path, {"fleet.yaml": "", "tenants": ""})
    assert found == ["tenants: is a file, a folder is expected; it holds a folder for each tenant"]
