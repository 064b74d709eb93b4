"""A proposal as a profile in YAML, with the reason beside each line, and what was left open. Pure.

Nothing of the device stands in it but in comments, and there without what ends one; names, OIDs
and conditions are ours. So whatever a device says, the file is what was proposed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from collectors.learning.columns import WORDS
from collectors.learning.model import Fact, Field, Metric, Open, Origin, Output, Proposal
from collectors.probe.text import clean
from collectors.snmp.ber import format_oid

# Long enough for a reason; a device's own texts are cut before.
_WIDTH = 200
_MIB = "NAME-OF-THE-MIB"
_MOST_OPEN = 60
_FACTS = {"model": "model", "serial": "serial_number", "os_version": "version"}


def skeleton(origin: Origin, proposal: Proposal) -> str:
    """The file's text."""
    parts = (
        _head(origin),
        (line for fact in proposal.facts for line in _fact(fact)),
        _metrics(proposal.metrics),
        _open(proposal.open),
    )
    return "".join(f"{line}\n" for part in parts for line in part)


def _head(origin: Origin) -> Iterator[str]:
    vendor = origin.vendor or "unknown"
    yield f"# {_comment(origin.vendor or 'Devices of an unknown vendor')}, learnt from one device."
    yield f"# It says of itself: {_comment(origin.descr) or 'nothing'}"
    yield "# Source: guessed from the values that one device answered, without its MIB."
    yield "# Names are made of numbers: write those of the MIB, and its own name as MIB."
    yield "# Reasons stand beside; what nobody could guess stands at the end."
    yield f"sysobjectid: {origin.object_id}    # wider: .* at the end takes all below"
    if origin.extends:
        yield f"extends: [{origin.extends}]    # it knew this device until now"
    yield "tigctl:"
    yield f"  description: {_quoted(f'{vendor} devices, learnt from one')}"
    if origin.answers:
        yield "  # Its sysObjectID is one of many vendors', so the vendor's own objects decide."
        yield f"  answers: [{', '.join(map(format_oid, origin.answers))}]"
    yield "metadata:"
    yield "  device:"
    yield "    fields:"
    if origin.vendor:
        yield f"      vendor: {{value: {_quoted(vendor)}}}"
    else:
        yield "      # vendor: {value: whoever made it}"


def _fact(fact: Fact) -> Iterator[str]:
    yield f"      # {_comment(fact.reason)}"
    symbol = f"{{OID: {format_oid(fact.oid)}, name: {fact.symbol}}}"
    yield f"      {_FACTS[fact.name]}: {{symbol: {symbol}}}"


def _metrics(metrics: Sequence[Metric]) -> Iterator[str]:
    if metrics:
        yield "metrics:"
    for metric in metrics:
        if metric.reason:
            yield f"# {_comment(metric.reason)}"
        if metric.scalar:
            yield f"- MIB: {_MIB}"
            yield f"  symbol: {_symbol(metric.symbols[0])}"
        else:
            yield f"- MIB: {_MIB}"
            yield f"  table: {{OID: {format_oid(metric.oid)}, name: {metric.name}}}"
            yield "  symbols:"
            yield from (f"  - {_symbol(one)}" for one in metric.symbols)
        yield "  tigctl:"
        for output in metric.outputs:
            yield from _output(output)


def _symbol(field: Field) -> str:
    row = f", tigctl: {{row: {_quoted(field.row)}}}" if field.row else ""
    mib = f"    # {field.mib}" if field.mib else ""
    return f"{{OID: {format_oid(field.oid)}, name: {field.name}{row}}}{mib}"


def _output(output: Output) -> Iterator[str]:
    yield f"  # {_comment(output.reason)}"
    yield f"  - to: {output.to}"
    tags = ", ".join(f"{name}: {_quoted(text)}" for name, text in output.tags.items())
    yield f"    tags: {{{tags}}}"
    if output.state:
        yield "    state:"
        yield f"      of: {output.state}"
        for status, words in WORDS.items():
            pairs = ", ".join(f"{_quoted(one)}: {_quoted(one)}" for one in words)
            yield f"      {status}: {{{pairs}}}"
    else:
        fields = ", ".join(f"{name}: {_quoted(text)}" for name, text in output.fields.items())
        yield f"    fields: {{{fields}}}"
    if output.where:
        yield f"    where: {_quoted(output.where)}"


def _open(left: Sequence[Open]) -> Iterator[str]:
    if left:
        yield "# Nobody can guess these; the MIB says what they are:"
    for one in left[:_MOST_OPEN]:
        yield f"#   {format_oid(one.oid)}: {_comment(one.text)}"
    if len(left) > _MOST_OPEN:
        yield f"#   and {len(left) - _MOST_OPEN:,} more"


def _comment(text: str) -> str:
    """A text that ends no comment: on one line, whatever YAML takes for a line's end."""
    return "".join(sign if sign.isprintable() else "·" for sign in clean(text)[:_WIDTH])


def _quoted(text: str) -> str:
    """A text as a double-quoted scalar of YAML, whose escapes JSON's are a part of."""
    return json.dumps(clean(text))
