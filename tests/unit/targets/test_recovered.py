"""What `influxd recovery` printed, and the init container that runs it.

Leaves out: running it (tests/integration), and tokens inside InfluxDB.
"""

from __future__ import annotations

from tigctl.render.kubernetes import reference
from tigctl.targets import recovered
from tigctl.targets.kubernetes import recovering

HEAD = "ID\t\t\tUser Name\tUser ID\t\t\tDescription\t\tToken\tPermissions"
OWN = "11ab96e0a0eba000\tadmin\t11ab96e0916ba000\tadmin's Token\tREDACTED\t[read:orgs write:orgs]"
LOG = 'ts=2026-01-01T00:00:00Z lvl=info msg="Creating authorization store" UseHashedTokens=false'


def row(id_: str, token: str) -> str:
    return f"{id_}\tadmin\t11ab96e0916ba000\t{recovered.DESCRIPTION}\t{token}\t[read:orgs]"


def test_only_the_token_just_made_is_taken() -> None:
    said = "\n".join((LOG, HEAD, OWN, row("0a", "REDACTED"), row("0b", "fresh=="), ""))
    assert recovered.shown(said) == ("0b", "fresh==")


def test_of_two_that_are_shown_the_last_is_taken() -> None:
    assert recovered.shown("\n".join((row("0a", "one=="), row("0b", "two==")))) == ("0b", "two==")


def test_where_none_is_shown_there_is_none() -> None:
    for said in ("", LOG, "\n".join((HEAD, OWN, row("0a", "REDACTED"), row("0b", "N/A")))):
        assert recovered.shown(said) is None


def test_the_init_container_may_do_what_influxdb_may_and_no_more() -> None:
    usual = reference.load("influxdb")[0]
    changed = recovering.with_recovery(usual, "acme")
    spec, before = (one["spec"]["template"]["spec"] for one in (changed, usual))
    (added,) = spec.pop("initContainers")
    assert spec == before, "all else stays"
    (own,) = before["containers"]
    for key in ("image", "securityContext", "volumeMounts", "env", "resources"):
        assert added.get(key) == own.get(key)
    assert not {"ports", "startupProbe", "readinessProbe"} & added.keys()
    assert added["command"][:4] == ["influxd", "recovery", "auth", "create-operator"]
    assert added["command"][-4:] == ["--org", "acme", "--bolt-path", "$(INFLUXD_BOLT_PATH)"]
