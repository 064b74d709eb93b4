"""The figures of docs/benchmarks.md. Prints them; asserts nothing, so that no test is timed.

    python -m tests.bench                 all of them, about 35 minutes
    python -m tests.bench start render    only these
    python -m tests.bench poll --quick    a small version, to see that it works

    poll      CPU, packets and missed intervals of one Telegraf, against the usual configuration
    slow      how late others' points are when one device answers after 4 s
    outage    samples lost and memory used while InfluxDB is away for 150 s
    render    seconds to render 10,000 and 20,000 devices, never probed and probed
    start     seconds of `tigctl --help` and of `tigctl validate`
    first     seconds from `apply` to the first point of every living device of the demo
    probe     seconds and memory to probe 1,000 devices
    discover  seconds to sweep a /16 with three logins, against fping and a plain pysnmp loop

    fleet     many tenants on a real API server, against kubectl
    killed    kills at every call of an apply, an upgrade and a destroy that do not converge

What they share: `stage` (farm, workspace, processes and what they used), `points` (what
Telegraf wrote), `report` (rows of the table).
"""
