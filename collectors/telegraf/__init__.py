"""From devices, facts and profiles to complete Telegraf configurations. Pure.

model.py       what goes in (Poll, Settings) and what comes out (Shard, Budget)
limits.py      the figures everything is computed from, each with its reason
reading.py     which symbols are read often and which seldom, under which raw names
budget.py      what a poll costs: repetitions, timeouts, intervals
snmp.py        one device's inputs.snmp instances
checks.py      one device's inputs.ping and inputs.net_response
layout.py      one device's part of a configuration: all its instances
processors.py  the global processors: starlark rules from profiles, types, names
starlark.py    from outputs of profiles to the starlark script, which begins with prelude.star
collector.star how polling itself fares, from Telegraf's own counters
writer.py      data to TOML, with every literal `$` doubled
shard.py       agent, output, buffers; devices over shards
"""
