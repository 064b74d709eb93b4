"""The expressions of profiles: arithmetic and conditions over the symbols of one metric.

    100 * hrStorageUsed / hrStorageSize
    entPhySensorValue * pow10(3 * (entPhySensorScale - 9) - entPhySensorPrecision)
    hrStorageType in ('1.3.6.1.2.1.25.2.1.2', '1.3.6.1.2.1.25.2.1.3') and hrStorageSize > 0

The grammar is a part of Python's. Whatever is not listed in `_Compiler` is refused, so an
expression cannot call, index or assign anything. In Starlark every operation becomes a call
of a helper in collectors/telegraf/prelude.star that hands on None, because a symbol may be
missing in any row and Starlark has no exceptions.
"""

from __future__ import annotations

import ast
import difflib
import json
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import lru_cache

from collectors.knowledge.kinds import TEXTUAL, Kind, kind_of

_TWO = ("min", "max", "either", "after", "contains", "begins")
FUNCTIONS = dict.fromkeys(("abs", "pow10", "log10", "figure", "part"), 1) | dict.fromkeys(_TWO, 2)
"""What an expression may call, and with how many arguments.

`either(a, b)` is a, or b where a is not told: `either(entSensorStatus, 1) == 1`.
`figure(after(cpuUsage, '60 Secs'))` is the first number in a text, here behind some words.
`contains(a, 'x')` and `begins(a, 'x')` are conditions on texts, whose case does not matter.
`part(2)` is the second part of the row's index.
"""

_ARITHMETIC: dict[type[ast.operator], str] = {
    ast.Add: "add",
    ast.Sub: "sub",
    ast.Mult: "mul",
    ast.Div: "div",
    ast.FloorDiv: "floordiv",
    ast.Mod: "mod",
}
_COMPARISONS: dict[type[ast.cmpop], str] = {
    ast.Eq: "eq",
    ast.NotEq: "ne",
    ast.Lt: "lt",
    ast.LtE: "le",
    ast.Gt: "gt",
    ast.GtE: "ge",
    ast.In: "among",
    ast.NotIn: "not_among",
}

# Far more than any profile needs; what is nested deeper than this stack is refused as well.
_LONGEST = 4_000

Access = Callable[[str], str]
"""Starlark source that fetches a symbol, from the symbol's name."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A parsed expression.

    `names` are its symbols, each once, in order of appearance; `needed` are those without which
    nothing comes of it: all but the first argument of `either`.
    """

    text: str
    names: tuple[str, ...]
    needed: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str, known: Collection[str]) -> Expression:
        """Checks `text` against the grammar and the symbols `known`.

        Raises ValueError with a message for the author of a profile.
        """
        found, kind = _parsed(text)
        if unknown := [name for name in found.names if name not in known]:
            raise ValueError(_unknown(unknown, text, known))
        if isinstance(kind, ValueError):
            raise kind
        return found

    @property
    def kind(self) -> Kind:
        """What kind of value comes of it."""
        kind = _parsed(self.text)[1]
        if isinstance(kind, ValueError):
            raise kind
        return kind

    def starlark(self, number: Access, string: Access | None = None) -> str:
        """Starlark source; a value or None comes of it.

        `number` fetches a symbol as a number, `string` as a text; a symbol is taken as a text
        where it stands beside a literal text. Without `string`, `number` serves for both.
        """
        return _Compiler(self.text, number, string or number).source(_tree(self.text))


@lru_cache(maxsize=10_000)
def _parsed(text: str) -> tuple[Expression, Kind | ValueError]:
    """The expression and its kind, or what is wrong with it: profiles share most of them.

    Raises ValueError for what is no expression.
    """
    tree = _tree(text)
    names, needed = _names(tree)
    kind: Kind | ValueError
    try:
        _Compiler(text, lambda _: "x", lambda _: "x").source(tree)
        kind = _kind(text, tree)
    except RecursionError:
        kind = ValueError(f"{_cut(text)!r} is nested too deeply")
    except ValueError as error:
        kind = error
    return Expression(text, names, needed), kind


def _tree(text: str) -> ast.expr:
    if len(text) > _LONGEST:
        raise ValueError(f"{_cut(text)!r} is longer than {_LONGEST:,} characters")
    try:
        return ast.parse(text.strip(), mode="eval").body
    except SyntaxError as error:
        raise ValueError(f"{_cut(text)!r} is no expression ({error.msg})") from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise ValueError(f"{_cut(text)!r} is no expression ({error})") from error


def _kind(text: str, tree: ast.expr) -> Kind:
    try:
        return kind_of(tree)
    except ValueError as error:
        raise ValueError(f"{_cut(text)!r}: {error}") from error


def _unknown(names: list[str], text: str, known: Collection[str]) -> str:
    near = difflib.get_close_matches(names[0], list(known), 1)
    advice = f"did you mean {near[0]}?" if near else f"it has {', '.join(sorted(known)) or 'none'}"
    return f"{', '.join(names)} in {_cut(text)!r} is no symbol of this metric; {advice}"


def _cut(text: str) -> str:
    return text if len(text) <= 100 else text[:99] + "…"


def _names(tree: ast.expr) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The symbols in order of appearance, and those of them that are not optional."""
    functions: set[int] = set()
    optional: set[int] = set()
    found: list[ast.Name] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            found.append(node)
        elif isinstance(node, ast.Call):
            functions.add(id(node.func))
            if _function(node) == "either" and node.args:
                optional.update(map(id, ast.walk(node.args[0])))
    found.sort(key=lambda node: (node.lineno, node.col_offset))
    symbols = [node for node in found if id(node) not in functions]
    needed = (node.id for node in symbols if id(node) not in optional)
    return tuple(dict.fromkeys(node.id for node in symbols)), tuple(dict.fromkeys(needed))


class _Compiler:
    """Turns a tree into Starlark; refuses what is not in the grammar."""

    def __init__(self, text: str, number: Access, string: Access) -> None:
        self.text = text
        self.number = number
        self.string = string

    def source(self, node: ast.expr, *, textual: bool = False) -> str:
        match node:
            case ast.Constant(value=str() as value):
                # No file can hold a lone surrogate, which an escape may have made.
                return json.dumps(value.encode("utf-8", "replace").decode(), ensure_ascii=False)
            case ast.Constant(value=bool()):
                raise self._refused("True and False")
            case ast.Constant(value=int() | float() as value):
                return self._figure(value)
            case ast.Name(id=name):
                return self.string(name) if textual else self.number(name)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return f"neg({self.source(operand)})"
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return f"negate({self.source(operand)})"
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _ARITHMETIC:
                return f"{_ARITHMETIC[type(op)]}({self.source(left)}, {self.source(right)})"
            case ast.BoolOp(op=op, values=values):
                joint = " and " if isinstance(op, ast.And) else " or "
                return "(" + joint.join(f"{self.source(value)} == True" for value in values) + ")"
            case ast.Compare():
                return self._comparison(node)
            case ast.IfExp(test=test, body=body, orelse=orelse):
                return (
                    f"({self.source(body)} if {self.source(test)} == True"
                    f" else {self.source(orelse)})"
                )
            case ast.Call():
                return self._call(node)
            case _:
                raise self._refused(type(node).__name__)

    def _figure(self, value: float) -> str:
        try:
            figure = repr(float(value))
        except OverflowError:
            figure = "inf"
        if figure == "inf":
            raise self._refused("a number beyond 1.8e308")
        return figure

    def _comparison(self, node: ast.Compare) -> str:
        pieces = []
        left = node.left
        for op, right in zip(node.ops, node.comparators, strict=True):
            if type(op) not in _COMPARISONS:
                raise self._refused("is")
            pieces.append(self._pair(left, _COMPARISONS[type(op)], right))
            left = right
        if len(pieces) == 1:
            return pieces[0]
        return "(" + " and ".join(f"{piece} == True" for piece in pieces) + ")"

    def _pair(self, left: ast.expr, function: str, right: ast.expr) -> str:
        if function in {"among", "not_among"}:
            if not isinstance(right, ast.Tuple | ast.List) or not right.elts:
                raise self._refused("`in` without a list of literals behind it")
            literals = [self._literal(item) for item in right.elts]
            textual = any(isinstance(_value(item), str) for item in right.elts)
            return f"{function}({self.source(left, textual=textual)}, [{', '.join(literals)}])"
        textual = any(isinstance(_value(side), str) for side in (left, right))
        sides = (self.source(side, textual=textual) for side in (left, right))
        return f"{function}({', '.join(sides)})"

    def _literal(self, node: ast.expr) -> str:
        if _value(node) is None:
            raise self._refused("a list that holds more than literals")
        return self.source(node)

    def _call(self, node: ast.Call) -> str:
        name = _function(node)
        if name not in FUNCTIONS or node.keywords or len(node.args) != FUNCTIONS[name]:
            allowed = ", ".join(f"{name}({count})" for name, count in FUNCTIONS.items())
            raise self._refused(f"this call (allowed, with their arguments: {allowed})")
        if name == "part":
            number = _value(node.args[0])
            if not isinstance(number, int) or number < 1:
                raise self._refused("a part of the index that is no number from 1")
            return f"parse(part(index, {number}))"
        if name in TEXTUAL:
            sought = node.args[1:]
            if not all(isinstance(_value(text), str) for text in sought):
                raise self._refused(f"{name} without a text in quotes")
            sources = [self.source(argument, textual=True) for argument in node.args]
            return f"{name}({', '.join(sources)})"
        textual = name == "either" and any(isinstance(_value(one), str) for one in node.args)
        arguments = ", ".join(self.source(argument, textual=textual) for argument in node.args)
        return f"{_helper(name)}({arguments})"

    def _refused(self, what: str) -> ValueError:
        return ValueError(f"{_cut(self.text)!r}: {what} cannot stand in an expression")


def _function(node: ast.Call) -> str:
    return node.func.id if isinstance(node.func, ast.Name) else ""


def _helper(name: str) -> str:
    # Starlark has min, max and abs of its own, which fail on None.
    return f"{name}_of" if name in {"min", "max", "abs"} else name


def _value(node: ast.expr) -> object:
    """The value of a literal, else None."""
    match node:
        case ast.Constant(value=value):
            return value
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
            return -value
        case _:
            return None
