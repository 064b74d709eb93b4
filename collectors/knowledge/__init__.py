"""What kinds of device can tell: profiles as data, and which of them fit a device.

model.py        profiles in memory
expression.py   the small expression language of the `tigctl` extension
load.py         from YAML files to profiles, all faults at once
match.py        from facts to the metrics that are polled, and why
"""
