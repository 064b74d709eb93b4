"""What files say otherwise than when a tenant was applied last. Pure."""

from __future__ import annotations

from tigctl.render.bundle import Bundle
from tigctl.targets.model import FieldChange, Since


def since(revision: int, former: Bundle, now: Bundle) -> Since:
    """The settings and devices that differ between the bundle of a revision and one of now."""
    paths = dict.fromkeys((*former.settings, *now.settings))
    # A revision of a tigctl that kept no settings says nothing of them.
    settings = tuple(
        FieldChange(path, former.settings.get(path), now.settings.get(path))
        for path in paths
        if former.settings and former.settings.get(path) != now.settings.get(path)
    )
    was, are = _devices(former), _devices(now)
    return Since(
        revision=revision,
        settings=settings,
        more=tuple(name for name in are if name not in was),
        fewer=tuple(name for name in was if name not in are),
        otherwise=tuple(name for name in are if name in was and are[name] != was[name]),
        same=(former.telegraf, former.influxdb, former.grafana, former.kubernetes)
        == (now.telegraf, now.influxdb, now.grafana, now.kubernetes),
    )


def _devices(bundle: Bundle) -> dict[str, str]:
    """What is polled of each device, as a digest."""
    digests = {name: digest for shard in bundle.telegraf for name, digest in shard.digests.items()}
    return {one.name: digests.get(one.name, "") for one in bundle.devices}
