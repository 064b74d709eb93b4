"""What an alert rule is, as its file says it: one Flux query, and all that people have to know."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from tigctl.spec.alerts import Amount, Severity
from tigctl.spec.fields import Duration, Name, Section, Whole, setting

# What the query may use beside limits (docs/alerts.md); a limit of the same name would hide it.
PROVIDED = frozenset(
    {
        *("over", "interval", "patience", "age", "longest", "fresh", "watched", "chain", "polled"),
        *("pinged", "askedBySnmp", "askedByPing", "lowestOf", "alert"),
    }
)
_IDENTIFIER = r"[a-z][A-Za-z0-9]*"
# In texts for people: the value, and the row's labels.
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


def _identifier(value: str) -> str:
    if not re.fullmatch(_IDENTIFIER, value) or value in PROVIDED:
        raise ValueError(
            f"{value!r} is no name for a limit; use letters and digits, a small letter first"
            f" (taken are {', '.join(sorted(PROVIDED))})"
        )
    return value


def _label(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", value) or value.startswith("_"):
        raise ValueError(f"{value!r} is no label; name a column of the query's rows")
    return value


class Limit(Section):
    """A figure of a rule that a tenant may set otherwise."""

    value: Amount
    """What holds where nobody says otherwise; a text is a regular expression."""

    unit: str = ""
    """Its unit: %, ms, °C; empty for a count and for a regular expression."""

    about: str
    """What it means, half a sentence."""


class Case(Section):
    """Made series, and what the rule must say of them when the last sample has come."""

    name: str
    """What is shown, half a sentence."""

    series: dict[str, str]
    """`MEASUREMENT,TAG=VALUE,… FIELD` to samples: `50x10 95x3 _x2 0+5x4`, one every `every`."""

    every: Duration = setting("1m")
    """Time between two samples."""

    devices: dict[str, str] = setting({})
    """Device to its parent ("" for none), where that matters."""

    limits: dict[str, Amount] = setting({})
    """Limits that the tenant has otherwise."""

    fires: tuple[str, ...] = ()
    """Values of the first label of the rows that must come, in any order; none: silence."""


class Rule(Section):
    """One alert rule; its name is that of its file."""

    title: str
    """What is wrong, in a few words: the alert's name in Grafana."""

    severity: Severity
    """critical: somebody has to get up; warning: to be seen to today; info: good to know."""

    every: Duration = setting("1m")
    """How often the query is run."""

    over: Duration = setting("5m")
    """How long it has to be so: the time the query looks at, as `over`."""

    polls: Annotated[Whole, Field(ge=1, le=100)] = 3
    """How many polls of a device may be missing before it counts as silent, for `patience`."""

    labels: Annotated[tuple[Annotated[str, AfterValidator(_label)], ...], Field(min_length=1)] = (
        "device",
        "site",
        "role",
    )
    """Columns that tell one alert from another; those a row does not have are left out."""

    limits: dict[Annotated[str, AfterValidator(_identifier)], Limit] = setting({})
    """Figures that a tenant may set otherwise; the query calls them: `percent(r: r)`."""

    unit: str = ""
    """Unit of the value that the query returns."""

    summary: str
    """What, where: a line for the service desk. {value} and {LABEL} are filled in."""

    first: str
    """What to do first."""

    runbook: str = ""
    """Where more is written; default: docs/alerts.md of this project."""

    include: tuple[Name, ...] = ()
    """Files NAME.flux beside it that come before the query, for what several rules share."""

    query: str
    """Flux that returns rows only when it fires, each with its labels and `_value`."""

    cases: tuple[Case, ...] = ()
    """Made series that must fire, and such that must not; `tigctl alerts check` runs them."""

    @model_validator(mode="after")
    def _known_placeholders(self) -> Rule:
        known = {"value", *self.labels}
        for text in (self.title, self.summary, self.first):
            for name in _PLACEHOLDER.findall(text):
                if name not in known:
                    raise ValueError(
                        f"{{{name}}} is no label; there are {', '.join(sorted(known))}"
                    )
        return self


def fill(text: str, put: dict[str, str]) -> str:
    """A rule's text with its placeholders filled in; one that is not in `put` stays."""
    return _PLACEHOLDER.sub(lambda found: put.get(found[1], found[0]), text)
