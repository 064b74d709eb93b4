"""Small bundles made by hand for tests of the local target: real Telegraf, no SNMP.

Each device's data comes from an `inputs.exec` that prints line protocol, so that a test decides
what arrives without needing an agent. What rendering makes is tested elsewhere.
"""

from __future__ import annotations

import json
import shlex

from collectors.telegraf.model import Budget, Shard
from tigctl.render.bundle import Bucket, Bundle, DeviceSummary, InfluxState, Token

DAY = 86_400
INTERVAL = 1
BUCKETS = (Bucket("raw", 30 * DAY), Bucket("5m", 180 * DAY), Bucket("1h", 730 * DAY))

_AGENT = f"""\
[agent]
  interval = "{INTERVAL}s"
  round_interval = false
  flush_interval = "1s"
  omit_hostname = true
  skip_processors_after_aggregators = true

[[outputs.influxdb_v2]]
  urls = ["${{TIGCTL_INFLUXDB_URL}}"]
  token = "${{TIGCTL_INFLUXDB_TOKEN}}"
  organization = "ORGANIZATION"
  bucket = "raw"

[[inputs.internal]]
  collect_memstats = false
"""

_DEVICE = """
[[inputs.exec]]
  alias = "NAME"
  commands = COMMANDS
  data_format = "influx"
"""


def answers(name: str) -> str:
    """Lines of a device that answers ping and SNMP."""
    return (
        f"ping,device={name} average_response_ms=0.5,percent_packet_loss=0,"
        f"packets_received=4i,packets_transmitted=4i,result_code=0i\n"
        f'system,device={name} uptime_seconds=60,sysName="{name}"'
    )


def pings_only(name: str) -> str:
    """Lines of a device that answers ping but not SNMP."""
    return answers(name).splitlines()[0]


def dead(name: str) -> str:
    """Lines of a device that answers nothing: Telegraf reports the loss."""
    return (
        f"ping,device={name} percent_packet_loss=100,packets_received=0i,"
        f"packets_transmitted=4i,result_code=0i"
    )


def shard(
    devices: dict[str, str],
    *,
    name: str = "telegraf-0",
    variables: tuple[str, ...] = (),
    tenant: str = "acme",
) -> Shard:
    """One Telegraf; `devices`: name -> the lines it sends each second."""
    config = _AGENT.replace("ORGANIZATION", tenant)
    config += "".join(
        _DEVICE.replace("NAME", device).replace("COMMANDS", _commands(lines))
        for device, lines in devices.items()
    )
    return Shard(
        name=name,
        config=config,
        devices=tuple(devices),
        digests={device: f"digest of {lines}"[-40:] for device, lines in devices.items()},
        variables=("TIGCTL_INFLUXDB_URL", "TIGCTL_INFLUXDB_TOKEN", *variables),
        buffer_points=10_000,
        memory_bytes=100 * 2**20,
    )


def _commands(lines: str) -> str:
    # Telegraf splits a command as a shell does; a JSON list of ASCII texts is one of TOML too.
    return json.dumps([f"printf %s {shlex.quote(line)}" for line in lines.splitlines()])


def summary(
    name: str,
    *,
    snmp: bool = True,
    probed: bool = True,
    silence: str = "",
    interval: int = INTERVAL,
) -> DeviceSummary:
    """One device of a bundle."""
    return DeviceSummary(
        name=name,
        address="127.0.0.1",
        profile="net-snmp" if probed else "",
        site="",
        role="",
        snmp=snmp,
        icmp=True,
        probed=probed,
        expects=("ping", "system") if snmp else ("ping",),
        budget=Budget(interval=interval, requests=1, bytes=100, points=2, worst_s=0.1),
        silence=silence,
    )


def bundle(
    *shards: Shard,
    devices: tuple[DeviceSummary, ...] = (),
    tenant: str = "acme",
    buckets: tuple[Bucket, ...] = BUCKETS,
) -> Bundle:
    """A bundle of these shards; `devices` default to one that answers per name."""
    return Bundle(
        tenant=tenant,
        telegraf=shards,
        influxdb=InfluxState(
            organization=tenant,
            buckets=buckets,
            tokens=(
                Token(f"tigctl {tenant} telegraf", write=("raw",)),
                Token(f"tigctl {tenant} reader", read=tuple(bucket.name for bucket in buckets)),
            ),
        ),
        devices=devices or tuple(summary(name) for one in shards for name in one.devices),
    )
