"""Plans and what is done with them, whatever the target.

    diff.py     from wanted and live resources to a plan; pure
    apply.py    carries out a plan, then waits until data flows
    health.py   what InfluxDB holds of each device, judged: status and verify
"""
