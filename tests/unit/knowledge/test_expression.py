"""Expressions of profiles: the grammar, the kinds of values, and the Starlark they become.

Starlark's expressions are Python's as far as they are used here, so the helpers of prelude.star
are run by Python and compared with Python's own arithmetic. That the real Starlark does the same
is shown by tests/integration/test_telegraf.py.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.knowledge.expression import Expression
from collectors.knowledge.kinds import Kind

KNOWN = ("a", "b", "hrStorageUsed")
PRELUDE = Path("collectors/telegraf/prelude.star")


def helpers() -> dict[str, Any]:
    """The functions of prelude.star. num and text, which need Telegraf's types, are replaced."""
    names: dict[str, Any] = {}
    source = (Path(__file__).parents[3] / PRELUDE).read_text(encoding="utf-8")
    exec(compile(source, "prelude.star", "exec"), names)  # noqa: S102  # our own file
    names["num"] = names["text"] = lambda fields, name: fields.get(name)
    return names


HELPERS = helpers()


def value(text: str, **fields: float | str | None) -> Any:
    """What Starlark makes of an expression over these fields."""
    source = Expression.parse(text, tuple(fields) or KNOWN).starlark(
        lambda name: f"num(f, {name!r})", lambda name: f"text(f, {name!r})"
    )
    return eval(source, {**HELPERS, "f": fields})  # noqa: S307  # what is under test


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a", 6.0),
        ("100 * b / a", 100 * 4 / 6),
        ("a + b * 2 - -1", 15.0),
        ("(a + b) * 2", 20.0),
        ("a // b + a % b", 3.0),
        ("a * pow10(3 * (8 - 9) - 1)", 6 / 10**4),
        ("min(a, b) + max(a, b) + abs(-a)", 16.0),
        ("a > b", True),
        ("0 <= b < a <= 6", True),
        ("0 <= a < b", False),
        ("a in (5, 6) and not b in (5, 6)", True),
        ("a not in (6,)", False),
        ("a == 1 or b == 4", True),
        ("not a == 6", False),
        ("a if b > 100 else b", 4.0),
        ("a - 273.15 if a > 200 else a", 6.0),
    ],
)
def test_what_comes_of_it(text: str, expected: float) -> None:
    found = value(text, a=6.0, b=4.0)

    assert found == pytest.approx(expected)
    assert type(found) is type(expected)


@pytest.mark.parametrize("text", ["a == 'up'", "'up' == a", "a in ('down', 'up')", "a != 'x'"])
def test_texts_are_compared_with_texts(text: str) -> None:
    expression = Expression.parse(text, KNOWN)

    assert "text(a)" in expression.starlark(lambda n: f"num({n})", lambda n: f"text({n})")
    assert value(text, a="up") is True


@pytest.mark.parametrize(
    "text",
    ["a + b", "-b", "100 * a / b", "a // b", "a % b", "min(a, b)", "abs(b)", "pow10(b)", "a < b",
     "a == b", "b != 3", "b in (1, 2)", "b not in (1, 2)", "not b == 1"],
)  # fmt: skip
def test_what_was_not_told_gives_nothing(text: str) -> None:
    assert value(text, a=1.0, b=None) is None


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("5 Secs ( 15.5%) 60 Secs (8.25%)", 5.0),
        ("41 C / 105 F", 41.0),
        ("35C", 35.0),
        ("-12.5 dBm", -12.5),
        ("rx=-3.1dBm", -3.1),
        ("1-2", 1.0),
        ("slot-3", 3.0),
        ("--", None),
        ("3.3.7", 3.3),
        (".5 V", 5.0),
        ("+12V", 12.0),
        ("none", None),
        ("", None),
        (None, None),
        ("- 7", 7.0),
        ("9" * 50, None),
        ("45%", 45.0),
    ],
)
def test_the_first_number_of_a_text(said: str | None, expected: float | None) -> None:
    assert value("figure(a)", a=said) == expected


@given(number=st.decimals(-(10**6), 10**6, places=3), unit=st.sampled_from(["", " C", "%", "dBm"]))
def test_a_number_is_found_whatever_its_unit(number: Decimal, unit: str) -> None:
    assert value("figure(a)", a=f"reading: {number}{unit}") == float(number)


def test_texts_are_searched() -> None:
    usage = "5 Secs ( 15.5%) 60 Secs (8.25%)"
    assert value("figure(after(a, '60 SECS'))", a=usage) == 8.25
    assert value("figure(after(a, '300 Secs'))", a=usage) is None
    assert value("contains(a, 'secs') and not begins(a, '60')", a=usage) is True
    assert value("contains(a, 'x')", a=None) is None
    assert value("begins(a, '5 secs')", a=usage) is True


@given(number=st.floats(1e-12, 1e12))
def test_logarithms_are_as_pythons(number: float) -> None:
    assert value("10 * log10(a)", a=number) == pytest.approx(10 * math.log10(number), abs=1e-9)
    assert value("log10(a)", a=-number) is None
    assert value("log10(a)", a=0.0) is None


def test_a_part_of_the_index_is_a_number() -> None:
    source = Expression.parse("part(2) == 7", ()).starlark(str)
    assert eval(source, helpers() | {"index": "1.7"}) is True  # noqa: S307  # our own expression
    assert eval(source, helpers() | {"index": "1"}) is None  # noqa: S307  # our own expression


def test_a_condition_over_what_was_not_told_is_not_true() -> None:
    assert value("a > 0 and b > 0", a=1.0, b=None) is False
    assert value("a > 0 or b > 0", a=1.0, b=None) is True
    assert value("a if b > 0 else 7", a=1.0, b=None) == 7.0


@pytest.mark.parametrize("text", ["a / b", "a // b", "a % b", "a / (b - b)", "pow10(31)"])
def test_what_cannot_be_computed_gives_nothing(text: str) -> None:
    assert value(text, a=1.0, b=0.0) is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is no expression"),
        ("a +", "is no expression"),
        ("a; b", "is no expression"),
        ("a = b", "is no expression"),
        ("c", "c in 'c' is no symbol of this metric; it has a, b, hrStorageUsed"),
        ("hrStorageUse * 2", "did you mean hrStorageUsed?"),
        (
            "__import__('os')",
            "this call (allowed, with their arguments: abs(1), pow10(1), log10(1)",
        ),
        ("figure(a + 1)", "a + 1 is a number, not a text"),
        ("after(a, b)", "after without a text in quotes"),
        ("contains('x', a)", "contains without a text in quotes"),
        ("part(0)", "a part of the index that is no number from 1"),
        ("part(a)", "a part of the index that is no number from 1"),
        ("begins(a, 'x') + 1", "is a condition, not a number"),
        ("a.real", "Attribute cannot stand"),
        ("a[0]", "Subscript cannot stand"),
        ("(lambda: a)()", "this call"),
        ("[a, b]", "List cannot stand"),
        ("f'{a}'", "JoinedStr cannot stand"),
        ("a ** b", "BinOp cannot stand"),
        ("a & b", "BinOp cannot stand"),
        ("a is b", "is cannot stand"),
        ("a == None", "Constant cannot stand"),
        ("a == True", "True and False cannot stand"),
        ("1j * a", "Constant cannot stand"),
        ("a in b", "without a list of literals"),
        ("a in ()", "without a list of literals"),
        ("a in (1, b)", "a list that holds more than literals"),
        ("min(a)", "this call"),
        ("min(a, b, 1)", "this call"),
        ("abs(a, key=b)", "this call"),
        ("1e999", "a number beyond 1.8e308"),
        ("9" * 400, "a number beyond 1.8e308"),
        ("'x' + a", "'x' is a text, not a number"),
        ("abs(a > b)", "a > b is a condition, not a number"),
        ("a and b > 1", "a is a symbol, not a condition; compare it with something"),
        ("not a", "a is a symbol, not a condition"),
        ("a < 'x' < 2", "do not go together"),
        ("a in (1, 'x')", "do not go together"),
        ("(a > 1) == (b > 1)", "cannot be compared"),
        ("a * 2 if b > 1 else 'x'", "do not go together"),
        ("1 if a else 2", "a is a symbol, not a condition"),
        ("-" * 3000 + "a", "is no expression"),
        ("+".join(["a"] * 1500), "is nested too deeply"),
        ("a + " * 2000 + "a", "is longer than 4,000 characters"),
        ("(" * 3000 + "a", "is no expression"),
    ],
)
def test_what_is_refused_and_how(text: str, message: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011  # the message is looked at below
        Expression.parse(text, KNOWN)

    assert message in str(caught.value)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("a", Kind.ANY),
        ("a * 2", Kind.NUMBER),
        ("3", Kind.NUMBER),
        ("'x'", Kind.TEXT),
        ("a if b == 1 else 'x'", Kind.TEXT),
        ("a == 'x'", Kind.TRUTH),
        ("a == 1 or not b == 2", Kind.TRUTH),
    ],
)
def test_the_kind_is_known(text: str, kind: Kind) -> None:
    assert Expression.parse(text, KNOWN).kind is kind


def test_names_come_once_in_the_order_of_the_text() -> None:
    assert Expression.parse("b * (a + max(b, a))", KNOWN).names == ("b", "a")
    assert Expression.parse("min + 1", ["min"]).names == ("min",)


LITERALS = st.text(max_size=20)


@given(literal=LITERALS)
def test_a_literal_text_stays_one(literal: str) -> None:
    readable = literal.encode("utf-8", "replace").decode()
    try:
        expression = Expression.parse(f"a == {literal!r}", ["a"])
    except ValueError:
        # Lone surrogates and NUL cannot stand in a source text.
        assert readable != literal or "\0" in literal
        return
    tree = ast.parse(expression.starlark(lambda name: name), mode="eval").body

    assert isinstance(tree, ast.Call)
    assert ast.literal_eval(tree.args[1]) == readable


def test_a_lone_surrogate_is_replaced_for_no_file_can_hold_it() -> None:
    made = Expression.parse(r"a == '\ud800'", ["a"]).starlark(lambda name: name)

    assert made == 'eq(a, "?")'


OPERATIONS: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}
NUMBERS = st.integers(-1000, 1000).map(float) | st.floats(-1e6, 1e6)


@st.composite
def arithmetic(draw: st.DrawFn, depth: int = 4) -> tuple[str, Callable[[float, float], float]]:
    """A random expression over a and b, and what it means."""
    if depth == 0 or draw(st.booleans()):
        leaf = draw(st.sampled_from("ab") | NUMBERS)
        if leaf == "a":
            return "a", lambda a, _b: a
        if leaf == "b":
            return "b", lambda _a, b: b
        return f"({leaf!r})", lambda _a, _b: leaf
    sign = draw(st.sampled_from(sorted(OPERATIONS)))
    left, f = draw(arithmetic(depth - 1))
    right, g = draw(arithmetic(depth - 1))
    return f"({left} {sign} {right})", lambda a, b: OPERATIONS[sign](f(a, b), g(a, b))


@given(made=arithmetic(), a=NUMBERS, b=NUMBERS)
def test_arithmetic_is_that_of_python(
    made: tuple[str, Callable[[float, float], float]], a: float, b: float
) -> None:
    text, meaning = made
    try:
        expected = meaning(a, b)
    except ZeroDivisionError:
        assert value(text, a=a, b=b) is None
        return

    assert value(text, a=a, b=b) == pytest.approx(expected, nan_ok=True)


@given(
    text=st.text(max_size=40) | st.text("ab+-*/%()<>=!.,'\"if else not and or in 019", max_size=40)
)
def test_any_text_is_an_expression_or_refused(text: str) -> None:
    try:
        expression = Expression.parse(text, KNOWN)
    except ValueError:
        return
    ast.parse(expression.starlark(lambda name: name), mode="eval")


@pytest.mark.parametrize(("a", "expected"), [("Percent (%)", True), ("rpm", False), (None, False)])
def test_either_gives_a_text_beside_a_text(a: str | None, expected: bool) -> None:
    assert value("contains(either(a, ''), 'percent')", a=a, b=None) is expected
    assert value("either(a, 'none') == 'none'", a=a, b=None) is (a is None)


def test_either_does_not_mix_kinds() -> None:
    with pytest.raises(ValueError, match="do not go together"):
        Expression.parse("either(a + 1, 'none')", KNOWN)
