"""What kind of value an expression gives, and that no operation gets one it cannot work on.

Starlark would stop at `'a' + 1`, which costs the point, and InfluxDB refuses a point whose
field has another type than before, so both are found when a profile is loaded. Which nodes may
stand in an expression at all is expression.py's affair.
"""

from __future__ import annotations

import ast
from enum import Enum


class Kind(Enum):
    """The kind of a value; a symbol alone is `ANY`, because a device may tell either."""

    ANY = "a symbol"
    NUMBER = "a number"
    TEXT = "a text"
    TRUTH = "a condition"


TEXTUAL = {
    "figure": Kind.NUMBER,
    "after": Kind.TEXT,
    "contains": Kind.TRUTH,
    "begins": Kind.TRUTH,
}
"""Functions of texts, and what comes of them."""


def kind_of(node: ast.expr) -> Kind:
    """The kind of an expression whose grammar has been checked. Raises ValueError."""
    match node:
        case ast.Constant(value=value):
            return Kind.TEXT if isinstance(value, str) else Kind.NUMBER
        case ast.Name():
            return Kind.ANY
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return _want(Kind.TRUTH, operand)
        case ast.UnaryOp(operand=operand):
            return _want(Kind.NUMBER, operand)
        case ast.BinOp(left=left, right=right):
            return _want(Kind.NUMBER, left, right)
        case ast.Call(func=ast.Name(id=name), args=args) if name in TEXTUAL:
            _want(Kind.TEXT, *args)
            return TEXTUAL[name]
        case ast.Call(func=ast.Name(id="either"), args=args):
            return _same(*args)
        case ast.Call(args=args):
            return _want(Kind.NUMBER, *args)
        case ast.BoolOp(values=values):
            return _want(Kind.TRUTH, *values)
        case ast.Compare():
            return _comparison(node)
        case ast.IfExp(test=test, body=body, orelse=orelse):
            _want(Kind.TRUTH, test)
            return _same(body, orelse)
        case _:
            return Kind.ANY


def _want(kind: Kind, *nodes: ast.expr) -> Kind:
    for node in nodes:
        given = kind_of(node)
        # A number is never true, so a symbol alone would be a condition that no row meets.
        if given is not kind and (given is not Kind.ANY or kind is Kind.TRUTH):
            advice = "; compare it with something" if kind is Kind.TRUTH else ""
            raise ValueError(f"{ast.unparse(node)} is {given.value}, not {kind.value}{advice}")
    return kind


def _same(*nodes: ast.expr) -> Kind:
    """The kind these have in common; symbols take the kind of what stands beside them."""
    kinds = {kind_of(node): node for node in nodes}
    named = [kind for kind in kinds if kind is not Kind.ANY]
    if len(named) > 1:
        pairs = " and ".join(f"{ast.unparse(kinds[kind])} ({kind.value})" for kind in named)
        raise ValueError(f"{pairs} do not go together")
    return named[0] if named else Kind.ANY


def _comparison(node: ast.Compare) -> Kind:
    left = node.left
    for op, right in zip(node.ops, node.comparators, strict=True):
        if isinstance(op, ast.In | ast.NotIn) and isinstance(right, ast.Tuple | ast.List):
            kind = _same(left, *right.elts)
        else:
            kind = _same(left, right)
        if kind is Kind.TRUTH:
            raise ValueError("conditions are joined by and, or, not; they cannot be compared")
        left = right
    return Kind.TRUTH
