"""The script: which rules it has, and that texts of profiles stay texts.

What the rules compute is tested in the real Telegraf; here the script is parsed as Python,
whose grammar Starlark's is a part of.
"""

from __future__ import annotations

import ast
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from collectors.knowledge.expression import Expression
from collectors.knowledge.model import Metric, Output, State, Symbol
from collectors.telegraf.reading import Naming, Part
from collectors.telegraf.starlark import quoted, script
from collectors.telegraf.writer import Script
from tests.unit.telegraf.devices import FANS, STORAGE, SYSTEM, interfaces

TEXTS = st.text(max_size=30) | st.sampled_from(
    ["'''", '"', "\\", "{index}", "{a} {b}", "\x7f", "$"]
)


def rules(text: str) -> dict[str, str]:
    """Name of the raw points -> source of their rule."""
    functions = {
        node.name: ast.unparse(node)
        for node in ast.parse(text).body
        if isinstance(node, ast.FunctionDef)
    }
    table = next(
        node.value
        for node in ast.parse(text).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "RULES"
    )
    assert isinstance(table, ast.Dict)
    return {
        ast.literal_eval(key): functions[ast.unparse(value)]
        for key, value in zip(table.keys, table.values, strict=True)
        if key
    }


def test_one_rule_per_metric_and_none_for_native_interfaces() -> None:
    metric = interfaces()
    native = Part(metric, metric.symbols, Naming.NAME)
    slow = Part(metric, metric.symbols, Naming.NAME, slow=True)
    parts = [Part(STORAGE, STORAGE.symbols), native, slow, Part(SYSTEM, SYSTEM.symbols)]

    assert list(rules(script(parts))) == [
        "host-resources:hrStorageTable",
        "if-mib:ifTable#ifName",
        "system:system",
    ]


def test_the_script_does_not_depend_on_the_order_of_devices() -> None:
    parts = [Part(metric, metric.symbols) for metric in (STORAGE, SYSTEM, FANS)]

    assert script(parts) == script(parts[::-1])


def test_outputs_that_name_the_same_points_make_one_point() -> None:
    symbols = (Symbol("1.1", "a"), Symbol("1.2", "b"))
    outputs = tuple(
        Output("storage", {"storage": "x"}, {field: Expression.parse(text, ["a", "b"])})
        for field, text in (("used_bytes", "a"), ("used_bytes", "b"), ("total_bytes", "b"))
    )
    metric = Metric("p", "t", scalar=False, symbols=symbols, outputs=outputs)

    rule = rules(script([Part(metric, symbols)]))["p:t"]

    assert rule.count("emit(") == 1
    assert "'used_bytes': either(num(f, 'a'), num(f, 'b'))" in rule


@given(literal=TEXTS, name=st.text(max_size=10), text=TEXTS)
def test_texts_of_profiles_stay_texts(literal: str, name: str, text: str) -> None:
    output = Output(
        "sensor",
        {"sensor": literal, "class": "state"},
        state=State("s", {1: (0, text)}),
    )
    metric = Metric(f"p{name}", "t", scalar=False, symbols=(Symbol("1", "s"),), outputs=(output,))

    made = script([Part(metric, metric.symbols)])

    Script(made)  # refuses what would need escapes in TOML
    assert len(rules(made)) == 1


@given(text=st.text(max_size=30))
def test_quoted_texts_read_as_they_are(text: str) -> None:
    readable = text.encode("utf-8", "replace").decode()

    assert ast.literal_eval(quoted(text)) == readable


def test_a_condition_that_is_unknown_is_not_true() -> None:
    rule = rules(script([Part(STORAGE, STORAGE.symbols)]))["host-resources:hrStorageTable"]

    assert "== True:" in rule
    assert rule.index("== True:") < rule.index("emit(")


def test_fields_have_the_types_of_the_data_model() -> None:
    symbols = (Symbol("1", "a"),)
    fields = {name: Expression.parse("a", ["a"]) for name in ("serial", "status", "x")}
    outputs = (
        Output("inventory", {}, {"serial": fields["serial"]}),
        Output("sensor", {"class": "load"}, {"status": fields["status"]}),
        Output("peer", {}, {"x": fields["x"], "count": fields["x"]}),
    )
    metric = Metric("p", "t", scalar=True, symbols=symbols, outputs=outputs)

    rule = rules(script([Part(metric, symbols)]))["p:t"]

    assert "'serial': text(f, 'a')" in rule
    assert "'status': whole(f, 'a')" in rule
    assert "'x': num(f, 'a')" in rule
    assert "'count': whole(f, 'a')" in rule


def test_interfaces_of_devices_nobody_probed_try_all_names() -> None:
    metric = replace(interfaces())

    rule = rules(script([Part(metric, metric.symbols, Naming.ANY)]))["if-mib:ifTable#any"]

    assert "raw(f, 'ifName') or raw(f, 'ifDescr') or index" in rule
