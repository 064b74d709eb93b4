"""Settings of alerts: whom they reach, how strict they are for whom, and when they keep quiet."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, Strict, model_validator

from tigctl.spec.credentials import Reference
from tigctl.spec.fields import Duration, Flag, Label, Name, Section, Whole, setting

Severity = Literal["info", "warning", "critical"]
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

_DAY_S = 24 * 3600


def _mail(value: str) -> str:
    if not re.fullmatch(r"[^@\s,;]+@[^@\s,;]+", value):
        raise ValueError(f"{value!r} is no mail address; write one such as desk@noc.example")
    return value


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ValueError, OSError, KeyError):  # KeyError: ZoneInfoNotFoundError is one
        raise ValueError(
            f"{value!r} is no time zone; write UTC or a name such as Europe/Berlin"
        ) from None
    return value


def _moment(value: object) -> str:
    """A point in time; YAML makes a datetime of some ways to write it."""
    text = value.isoformat() if isinstance(value, datetime) else str(value)
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is no time; write it as 2026-03-01T22:00") from None
    return found.isoformat()


def _clock(value: object) -> str:
    text = str(value)
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", text):
        raise ValueError(f'{text!r} is no time of day; write it as "22:00", in quotes')
    return text


Mail = Annotated[str, AfterValidator(_mail)]
Zone = Annotated[str, AfterValidator(_zone)]
Moment = Annotated[str, BeforeValidator(_moment)]
Clock = Annotated[str, BeforeValidator(_clock)]
Amount = Annotated[float, Field(allow_inf_nan=False)] | Annotated[str, Strict()]


class Scope(Section):
    """Some of a tenant's devices; a key that is left out means all."""

    site: tuple[Label, ...] = ()
    """Sites, as in the inventory."""

    role: tuple[Label, ...] = ()
    """Roles, as in the inventory."""

    device: tuple[Label, ...] = ()
    """Names of devices."""

    def covers(self, device: str, site: str, role: str) -> bool:
        """Whether a device is meant."""
        return (
            (not self.site or site in self.site)
            and (not self.role or role in self.role)
            and (not self.device or device in self.device)
        )

    @property
    def everything(self) -> bool:
        """Whether all devices are meant."""
        return not (self.site or self.role or self.device)


class Contact(Section):
    """One way to reach somebody; exactly one of its keys."""

    email: tuple[Mail, ...] = ()
    """Mail addresses. Needs `alerts.mail`."""

    webhook: Reference | None = None
    """Address of a web hook that takes Grafana's JSON, by reference."""

    teams: Reference | None = None
    """Address of a web hook of Microsoft Teams, by reference."""

    slack: Reference | None = None
    """Address of an incoming web hook of Slack, by reference."""

    @model_validator(mode="after")
    def _one(self) -> Contact:
        given = [name for name in ("email", "webhook", "teams", "slack") if getattr(self, name)]
        if len(given) != 1:
            raise ValueError(
                "is one way to reach somebody; write one of email, webhook, teams and slack"
                + (f", not {' and '.join(given)}" if given else "")
            )
        return self

    @property
    def reference(self) -> str:
        """The environment variable with its address; "" where that is no secret."""
        found = self.webhook or self.teams or self.slack
        return found.env if found else ""


class Route(Scope):
    """Which alerts go to a contact; a key that is left out means all."""

    contact: Name
    """A name in `contacts`."""

    severity: tuple[Severity, ...] = ()
    """info, warning, critical."""

    rule: tuple[Name, ...] = ()
    """Names of rules: `tigctl alerts list`."""


class RuleSettings(Section):
    """What one rule has otherwise."""

    enabled: Flag = True
    """false: the rule is not there."""

    severity: Severity | None = None
    """info, warning or critical. Default: the rule's own."""

    over: Duration | None = None
    """For how long it has to be so before it is told. Default: the rule's own."""

    limits: dict[Name, Amount] = setting({})
    """Limits by name, in the units that `tigctl alerts list` shows. Default: the rule's own."""


class Exception_(Scope):  # noqa: N801 - the word itself is taken
    """What a rule has otherwise for some devices; the last one that fits wins."""

    rule: Name
    """Name of the rule."""

    enabled: Flag = True
    """false: it says nothing of these devices."""

    limits: dict[Name, Amount] = setting({})
    """Limits by name, for these devices."""


class MailServer(Section):
    """The server that takes Grafana's mail (SMTP)."""

    host: Label = ""
    """Its name or address; empty: no mail is sent."""

    port: Annotated[Whole, Field(ge=1, le=65535)] = 587
    """Its port. Default 587."""

    sender: Mail = "grafana@localhost"
    """The address that mail comes from."""

    user: Label = ""
    """Whom to log in as. Default: nobody."""

    password: Reference | None = None
    """The user's password, by reference."""

    tls: Literal["required", "offered", "none"] = "required"
    """required: mail goes encrypted or not at all (STARTTLS); offered: where the server can.
    Default required."""


class Alerts(Section):
    """Thresholds and routes of alerts."""

    enabled: Flag = True
    """false: Grafana gets no alert rules of tigctl."""

    contacts: dict[Name, Contact] = setting({})
    """Ways to reach people, by name."""

    contact: Name | None = None
    """The contact of alerts that no route takes. Default: the first of `contacts`; without any,
    alerts are shown but sent nowhere."""

    routes: tuple[Route, ...] = ()
    """Which alerts go where; the first that fits."""

    rules: dict[Name, RuleSettings] = setting({})
    """By name of the rule, what it has otherwise."""

    exceptions: tuple[Exception_, ...] = ()
    """What rules have otherwise for some sites, roles or devices."""

    mail: MailServer = setting({})
    """The server that takes Grafana's mail."""

    runbook: str = ""
    """Where more is written on a rule, as https://wiki.example/alerts/{rule}. Default: nowhere
    but in the alert itself."""

    repeat: Duration = setting("4h")
    """After how long an alert that goes on is told again. Default 4h."""


class Window(Scope):
    """A time in which devices are worked at, so that nobody is called: once or every week."""

    start: Moment | None = setting(None, alias="from")
    """Once: its beginning, such as 2026-03-01T22:00, in `timezone`."""

    end: Moment | None = setting(None, alias="to")
    """Once: its end."""

    weekly: tuple[Day, ...] = ()
    """Every week: on these days, mon to sun."""

    at: Clock | None = None
    """Every week: its beginning, such as "02:00", in `timezone`."""

    lasts: Duration = setting("1h")
    """Every week: how long it lasts, at most 1d; it may pass midnight. Default 1h."""

    timezone: Zone = "UTC"
    """The time zone of all these. Default UTC."""

    @model_validator(mode="after")
    def _once_or_weekly(self) -> Window:
        once, weekly = bool(self.start or self.end), bool(self.weekly or self.at)
        if once == weekly:
            raise ValueError("is once (from, to) or every week (weekly, at, lasts); write one")
        if once and not (self.start and self.end):
            raise ValueError("needs both from and to")
        if weekly and not (self.weekly and self.at):
            raise ValueError("needs both weekly and at")
        if not 60 <= self.lasts <= _DAY_S:
            raise ValueError("lasts is 1m to 1d")
        if self.start and self.end and self.moment(self.start) >= self.moment(self.end):
            raise ValueError(f"ends ({self.end}) before it begins ({self.start})")
        return self

    def moment(self, text: str) -> datetime:
        """A time of this window with its zone, unless it has one of its own."""
        found = datetime.fromisoformat(text)
        return found if found.tzinfo else found.replace(tzinfo=ZoneInfo(self.timezone))
