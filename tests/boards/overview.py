"""The board Overview: is the customer fine?"""

from __future__ import annotations

from tests.boards import alive, flux, worst
from tests.boards.columns import TEXT_CELL, TO_SITE, in_order
from tests.boards.model import BAD, DOUBTFUL, GOOD, Panel, Written, override, thresholds
from tests.boards.panels import alerts, graph, table
from tests.boards.variables import ROLE, SITE


def board() -> Written:
    return Written(
        "tigctl-overview",
        "Overview",
        "Is the customer fine? Devices up, degraded and down, sites, availability, open alerts.",
        [SITE, ROLE],
        [*_now(), *_tables(), *_over_time()],
    )


def _now() -> list[Panel]:
    down = "Neither ping nor SNMP was answered for 15 minutes."
    degraded = "They answer one of ping and SNMP, but not the other."
    return [
        alive.counted("Devices down", 2, 0, BAD, down),
        alive.counted("Devices degraded", 1, 3, DOUBTFUL, degraded),
        alive.counted("Devices up", 0, 6, GOOD, "Everything that is asked is answered."),
        alive.availability("Available 24 h", "24h", 9),
        alive.availability("Available 7 d", "7d", 12),
        alive.availability("Available 30 d", "30d", 15),
        alerts("Open alerts", (18, 0, 6, 16), "What fires now.", "no open alerts"),
    ]


def _tables() -> list[Panel]:
    count = thresholds((None, GOOD), (1, BAD))
    some = thresholds((None, GOOD), (1, DOUBTFUL))
    return [
        table(
            "Worst ten devices",
            (0, 4, 18, 12),
            worst.worst_devices(flux.SCOPE, 10),
            says=(
                "Those that are down come first, then those that lose most. Now and Before: at the"
                " end and at the beginning of the time shown. A name leads to its board."
            ),
            overrides=worst.COLUMNS,
            transformations=in_order(worst.NAMES),
            reads=worst.FIGURES,
            columns=worst.NAMES,
        ),
        table(
            "Sites",
            (0, 16, 12, 9),
            _sites(),
            says="How each site is; its name leads to its board.",
            overrides=[
                override("Site", links=TO_SITE),
                override("Down", thresholds=count, custom__cellOptions=TEXT_CELL),
                override("Down before", thresholds=count, custom__cellOptions=TEXT_CELL),
                override("Not well", thresholds=some, custom__cellOptions=TEXT_CELL),
                worst.DAY,
                override("Response", unit="ms", decimals=1),
            ],
            transformations=in_order(SITES),
            reads=(*alive.PRESENCE, "ping.answered_percent", "ping.average_response_ms"),
            columns=SITES,
        ),
    ]


def _over_time() -> list[Panel]:
    response = f"{flux.fields('ping', 'average_response_ms')} and {flux.SCOPE}"
    return [
        graph(
            "Pings answered by site",
            (12, 16, 12, 9),
            [alive.answering("site", flux.SCOPE)],
            says="100 %: every device of the site answered every time.",
            unit="percent",
            defaults={"displayName": "${__field.labels.site}", "max": 100, "decimals": 1},
            reads=("ping.answered_percent", *alive.PING),
            columns=("_time", "_value", "site"),
        ),
        graph(
            "Response time by site",
            (0, 25, 12, 8),
            [flux.gauge(response, ["site"])],
            says="Mean round trip of all devices of the site.",
            unit="ms",
            defaults={"displayName": "${__field.labels.site}"},
            reads=("ping.average_response_ms",),
            columns=("_time", "_value", "site"),
        ),
        alive.over_time(
            "Devices over time",
            (12, 25, 12, 8),
            flux.SCOPE,
            15,
            "The fifteen devices that answered least in the time shown.",
        ),
    ]


SITES = "Site", "Devices", "Not well", "Down", "Down before", "Answered 24 h", "Response"


def _sites() -> str:
    return (
        f"{alive.IMPORT}{flux.state()}\n{flux.available()}\n"
        'now_ = state(at: v.timeRangeStop) |> group(columns: ["site"])\n'
        'before = state(at: v.timeRangeStart) |> group(columns: ["site"])\n'
        "only = (tables=<-, least) => tables |> map(fn: (r) => "
        "({r with _value: if r._value >= least then 1.0 else 0.0})) |> sum()\n\n"
        + flux.wide(
            [
                flux.named("now_ |> count()", "Devices"),
                flux.named("now_ |> only(least: 2.0)", "Down"),
                flux.named("before |> only(least: 2.0)", "Down before"),
                flux.named("now_ |> only(least: 1.0)", "Not well"),
                flux.named('available(span: 24h, by: ["site"])', "Answered 24 h"),
                flux.named(
                    flux.recent(flux.fields("ping", "average_response_ms") + " and " + flux.SCOPE)
                    + ' |> group(columns: ["site"]) |> mean()',
                    "Response",
                ),
            ],
            ("site",),
        )
        + '\n    |> rename(columns: {site: "Site"})'
        + '\n    |> sort(columns: ["Down", "Not well"], desc: true)'
    )
