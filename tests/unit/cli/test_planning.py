"""Plans as text, JSON and files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tigctl.cli import keeping, planning
from tigctl.errors import InvalidFiles, UsageError
from tigctl.targets.keeping import Held, Kept
from tigctl.targets.model import Action, Change, FieldChange, Plan, Since

CHANGES = (
    Change(Action.CREATE, "Bucket", "raw"),
    Change(Action.CREATE, "Bucket", "5m"),
    Change(Action.UPDATE, "Bucket", "1h", (FieldChange("retention", "7d", "2y"),), "somebody"),
    Change(
        Action.UPDATE,
        "TelegrafConfig",
        "telegraf-0",
        tuple(FieldChange(f"devices.d{n}", None, str(n)) for n in range(9)),
    ),
    Change(Action.DELETE, "Process", "telegraf-1"),
)
NEEDS = {
    "devices": 31,
    "telegraf_processes": 1,
    "telegraf_memory_bytes": 318_900_000,
    "points_per_minute": 5058,
    "requests_per_minute": 3542,
    "bytes_per_minute": 2_281_700,
}


def test_text_groups_what_is_made_and_shows_what_differs() -> None:
    text = "\n".join(planning.as_text(Plan("acme", "local", CHANGES, NEEDS), verbose=False))
    assert text == (
        "acme on local\n"
        "\n"
        "  + create  2 Bucket: raw, 5m\n"
        "  ~ update  Bucket 1h   (changed by somebody)\n"
        "            retention: 7d, should be 2y\n"
        "  ~ update  TelegrafConfig telegraf-0\n"
        + "".join(f"            devices.d{n}: not there, should be {n}\n" for n in range(6))
        + "            and 3 more fields (-v shows them)\n"
        "  - delete  Process: telegraf-1\n"
        "\n"
        "  needs     1 Telegraf process for 31 devices, 319 MB of memory at the worst\n"
        "            a minute: 5,058 points, 3,542 requests, 2,282 kB\n"
        "\n"
        "2 to create, 2 to change, 1 to delete. Carry out: tigctl apply acme"
    )


def test_a_reason_stands_with_what_it_is_for_and_no_line_is_wider_than_a_page() -> None:
    where = "containers[influxdb]"
    fields = (
        FieldChange(
            f"spec.template.spec.{where}.env[INFLUXD_STORAGE_CACHE_MAX_MEMORY_SIZE].value",
            "1342177280",
            "2684354560",
        ),
        *(FieldChange(f"spec.template.spec.{where}.env[E{n}].value", "1", "2") for n in range(5)),
        FieldChange(f"spec.template.spec.{where}.resources.limits.memory", "512Mi", "768Mi"),
    )
    why = "memory for 5,500 series: 512Mi serves up to 4,096, 768Mi serves up to 8,192"
    change = Change(Action.UPDATE, "StatefulSet", "influxdb", fields, why=why)
    plan = Plan("acme", "kubernetes", (change,))
    lines = list(planning.as_text(plan, verbose=False))
    assert lines[3] == f"            {where}.resources.limits.memory: 512Mi, should be 768Mi"
    assert f"            why: {why}" in lines
    every = list(planning.as_text(plan, verbose=True))
    cache = f"{where}.env[INFLUXD_STORAGE_CACHE_MAX_MEMORY_SIZE].value: 1342177280,"
    assert every[every.index(f"            {cache}") + 1] == "            should be 2684354560"
    assert max(map(len, every)) <= 100
    document = json.loads(json.dumps(planning.as_json(plan)))
    assert document["changes"][0]["why"] == why
    assert [one["path"] for one in document["changes"][0]["fields"]] == [f.path for f in fields]


def test_a_value_that_is_no_text_is_shown_as_json() -> None:
    change = FieldChange("spec.x", {"clientIP": {"seconds": 1}}, None)
    assert keeping.difference(change) == 'spec.x: {"clientIP": {"seconds": 1}}, should not be there'
    assert keeping.difference(FieldChange("a", True, False)) == "a: true, should be false"


def since(*, verbose: bool = False, **found: Any) -> list[str]:
    plan = Plan("acme", "kubernetes", CHANGES, since=Since(2, **found))
    lines = list(planning.as_text(plan, verbose=verbose))
    assert max(map(len, lines)) <= 100
    text = "\n".join(lines)
    assert json.loads(json.dumps(planning.as_json(plan)))["since"]["revision"] == 2
    return text[text.index("  files") : text.index("\n\n2 to create")].splitlines()


def test_what_files_say_otherwise_than_at_the_last_apply() -> None:
    settings = (
        FieldChange("polling.interval", "10s", "1m"),
        FieldChange("size", None, "small"),
    )
    more = tuple(f"sw-{number}" for number in range(9))
    said = " ".join(line.strip() for line in since(settings=settings, more=more, otherwise=("a",)))
    assert said == (
        "files     since revision 2: polling.interval was 10s, is 1m; size was not set, is small;"
        " 9 devices more: sw-0, sw-1, sw-2, sw-3, sw-4, sw-5 and 3 more;"
        " 1 device polled otherwise: a"
    )
    assert "sw-8" in " ".join(since(more=more, verbose=True))
    assert since(fewer=("sw-1",)) == ["  files     since revision 2: 1 device fewer: sw-1"]


def test_where_files_say_the_same_what_differs_came_about_elsewhere() -> None:
    assert since(same=True) == [
        "  files     say the same as at revision 2, so what differs came about on the target"
    ]
    (line,) = since()
    assert line.endswith("are those of revision 2; profiles, boards or tigctl are others")


def alike(number: int) -> Plan:
    """The same two fields of many rules."""
    fields = FieldChange("query", "a", "b"), FieldChange("content", "c", "d")
    names = (f"tigctl-interface-{n}" for n in range(number))
    return Plan(
        "acme", "kubernetes", tuple(Change(Action.UPDATE, "Rule", n, fields) for n in names)
    )


def test_many_that_are_alike_are_told_together() -> None:
    text = "\n".join(planning.as_text(alike(34), verbose=False))
    lines = text.splitlines()[2:5]
    assert lines[0].startswith("  ~ update  34 Rule: tigctl-interface-0, tigctl-interface-1,")
    assert lines[1].endswith(" tigctl-interface-5 and 28 more")
    assert lines[2] == "            each: query, content (-v shows them)"
    assert max(map(len, lines)) <= 100
    assert "query: a, should be b" in "\n".join(planning.as_text(alike(34), verbose=True))
    assert "query: a, should be b" in "\n".join(planning.as_text(alike(3), verbose=False))


def test_verbose_shows_every_field() -> None:
    text = "\n".join(planning.as_text(Plan("acme", "local", CHANGES, NEEDS), verbose=True))
    assert "devices.d8" in text
    assert "-v" not in text


def test_nothing_to_do_is_one_line() -> None:
    assert list(planning.as_text(Plan("acme", "local", ()), verbose=False)) == [
        "acme on local: nothing to change."
    ]


KEPT = (
    Held(
        Kept("Bucket", "raw", "2026-11-20T14:02:11Z", {"retention": "7d"}, {"retention": "7d"}),
        Change(Action.UPDATE, "Bucket", "raw", (FieldChange("retention", "7d", "30d"),)),
    ),
    Held(Kept("Board", "b", "2026-11-20T14:02:11Z", {}), Change(Action.DELETE, "Board", "b")),
    Held(Kept("Task", "t", "2026-11-20T14:02:11Z", {})),
    Held(
        Kept("Board", "c", "2026-11-20T14:02:11Z", {}),
        Change(Action.UPDATE, "Board", "c", (FieldChange("title", "A", "B"),)),
    ),
)


def test_what_is_kept_stands_below_with_what_files_say() -> None:
    again = Change(Action.CONFLICT, "Board", "c", (FieldChange("title", "A", "B"),), "anna")
    text = "\n".join(planning.as_text(Plan("acme", "local", (again,), {}, KEPT), verbose=False))
    _, _, below = text.partition("1 conflict. Carry out: tigctl apply acme\n\n")
    assert below == (
        "Kept as somebody made it (tigctl apply --give-back KIND/NAME ends it):\n"
        "  Bucket/raw, since 2026-11-20 14:02\n"
        "            retention: 7d, should be 30d\n"
        "  Board/b, since 2026-11-20 14:02\n"
        "            without this, apply would delete it\n"
        "  Task/t, since 2026-11-20 14:02\n"
        "            holds nothing back any more: files say the same, or do not name it\n"
        "  Board/c, since 2026-11-20 14:02\n"
        "            changed once more since; stays until it is kept again or given back\n"
        "            title: A, should be B"
    )


def test_json_tells_what_is_kept() -> None:
    found = planning.as_json(Plan("acme", "local", (), {}, KEPT))["kept"]
    assert isinstance(found, list)
    assert found[0] == {
        "kind": "Bucket",
        "name": "raw",
        "since": "2026-11-20T14:02:11Z",
        "action": "update",
        "fields": [{"path": "retention", "live": "7d", "wanted": "30d"}],
    }
    assert [one["action"] for one in found if isinstance(one, dict)] == [
        "update",
        "delete",
        None,
        "update",
    ]


def test_json_is_what_the_contract_says() -> None:
    found = planning.as_json(Plan("acme", "local", CHANGES, NEEDS))
    assert json.loads(json.dumps(found)) == found
    assert list(found) == ["tenant", "target", "changes", "summary", "kept", "needs"]
    assert found["summary"] == {"create": 2, "update": 2, "delete": 1, "adopt": 0, "conflict": 0}
    changes = found["changes"]
    assert isinstance(changes, list)
    assert changes[2] == {
        "action": "update",
        "kind": "Bucket",
        "name": "1h",
        "fields": [{"path": "retention", "live": "7d", "wanted": "2y"}],
        "manager": "somebody",
    }


@pytest.mark.parametrize("several", [False, True])
def test_a_file_gives_back_the_changes(tmp_path: Path, several: bool) -> None:
    document = planning.as_json(Plan("acme", "local", CHANGES, NEEDS))
    file = tmp_path / "acme.plan"
    file.write_text(json.dumps([document] if several else document))
    assert planning.read_file(file) == {"acme": document["changes"]}


@pytest.mark.parametrize(
    "text", ["", "[1]", "{}", '{"tenant": "a"}', '{"tenant": 1, "changes": 2}']
)
def test_any_other_file_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "odd"
    file.write_text(text)
    with pytest.raises(InvalidFiles, match="no plan of tigctl"):
        planning.read_file(file)


def test_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such file"):
        planning.read_file(tmp_path / "absent")


def test_of_a_text_lines_are_counted_and_shown_when_asked() -> None:
    lines = ("@@ line 2", "-  interval = '60s'", "+  interval = '30s'", f"+\t# {'long ' * 40}")
    field = FieldChange("data[telegraf.conf]", "5,000 characters", "5,001 characters", lines)
    plan = Plan("acme", "k8s", (Change(Action.UPDATE, "ConfigMap", "telegraf-0-0", (field,)),))
    text = list(planning.as_text(plan, verbose=False))
    assert text[3] == (
        "            data[telegraf.conf]: 1 line should go, 2 should come (-v shows them)"
    )
    every = list(planning.as_text(plan, verbose=True))
    assert every[3:7] == [
        "            data[telegraf.conf]: 1 line should go, 2 should come",
        "              @@ line 2",
        "              -  interval = '60s'",
        "              +  interval = '30s'",
    ]
    assert every[7].endswith("…")
    assert max(map(len, every)) <= 100
    (change,) = json.loads(json.dumps(planning.as_json(plan)))["changes"]
    assert change["fields"] == [
        {
            "path": "data[telegraf.conf]",
            "live": "5,000 characters",
            "wanted": "5,001 characters",
            "lines": list(lines),
        }
    ]


def test_a_large_item_of_a_list_is_cut_unless_asked_for() -> None:
    rule = {"toCIDR": [f"10.0.{n}.0/24" for n in range(90)]}
    change = Change(
        Action.UPDATE, "CiliumNetworkPolicy", "p", (FieldChange("spec.egress[1]", None, rule),)
    )
    plan = Plan("acme", "k8s", (change,))
    text = "\n".join(planning.as_text(plan, verbose=False))
    assert "… (-v shows all)" in text
    assert "10.0.89.0/24" not in text
    every = list(planning.as_text(plan, verbose=True))
    assert '"10.0.89.0/24"]}' in "\n".join(every)
    assert max(map(len, every)) <= 100
