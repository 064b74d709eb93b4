"""From devices, facts and profiles to complete Telegraf configurations. Pure.

model.py       what goes in (Poll, Settings) and what comes out (Shard)
snmp.py        one device's inputs.snmp instances
checks.py      one device's inputs.ping and inputs.net_response
processors.py  the global processors: starlark rules from profiles, types, names
starlark.py    from outputs of profiles to the starlark script
writer.py      data to TOML, with every literal `$` doubled
shard.py       agent, output, buffers; devices over shards
"""
