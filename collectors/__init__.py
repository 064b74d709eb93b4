"""Everything about devices: how they are asked, what they can tell, how Telegraf polls them.

Nothing here knows of tenants, Kubernetes or InfluxDB; nothing here imports tigctl.

    device.py, login.py, facts.py   a device, how to log in to it, what probing found
    datamodel.py                    measurements, tags, fields and their types
    knowledge/                      profiles: load, check, match (the YAML lies in profiles/)
    snmp/, icmp.py                  the only modules that import pysnmp and icmplib
    probe/                          asks devices who they are and what they can tell
    telegraf/                       from devices, facts and profiles to Telegraf configurations
"""
