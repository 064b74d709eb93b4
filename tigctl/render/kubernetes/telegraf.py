"""Telegraf: for each shard its ConfigMaps and its Deployment."""

from __future__ import annotations

from collections.abc import Iterator

from collectors.telegraf.model import Shard
from tigctl.render.kubernetes import configs, placement, pod, reference, sizing
from tigctl.render.kubernetes.influxdb import URL
from tigctl.render.kubernetes.model import CONFIG_ANNOTATION, Object, Stack
from tigctl.render.kubernetes.sizing import Needs

NAME = "telegraf"
WRITER_SECRET = "influxdb-writer"  # noqa: S105 - names of Secrets, which hold the secrets
DEVICES_SECRET = "device-credentials"  # noqa: S105

# The variables of a configuration that hold no secret of a device.
URL_VARIABLE = "TIGCTL_INFLUXDB_URL"
TOKEN_VARIABLE = "TIGCTL_INFLUXDB_TOKEN"  # noqa: S105


def telegraf(stack: Stack) -> list[Object]:
    """The objects of all Telegrafs, shard by shard, a Deployment behind what it mounts."""
    needs = sizing.sizes(stack).telegraf
    pinged = {summary.name for summary in stack.summaries if summary.icmp}
    return [
        one
        for shard, own in zip(stack.shards, needs, strict=True)
        for one in _shard(stack, shard, own, pings=not pinged.isdisjoint(shard.devices))
    ]


def _shard(stack: Stack, shard: Shard, needs: Needs, *, pings: bool) -> Iterator[Object]:
    files = configs.parts(shard)
    health = configs.health(shard, stack.settings.polling.interval)
    names = []
    for number, (file, text) in enumerate(files):
        names.append(f"{shard.name}-{number}")
        data = {file: text}
        if number == 0:
            data[configs.HEALTH_FILE] = health
        yield {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": stack.metadata(names[-1], NAME, shard.name),
            "data": data,
        }
    checksum = configs.checksum(shard.config, health)
    yield _deployment(stack, shard, needs, checksum, names, pings=pings)


def _deployment(
    stack: Stack, shard: Shard, needs: Needs, checksum: str, config_maps: list[str], *, pings: bool
) -> Object:
    deployment = reference.load(NAME)[1]
    pod.owned(stack, NAME, deployment, name=shard.name, instance=shard.name)
    spec, container = pod.template(stack, deployment, NAME, needs, instance=shard.name)
    deployment["spec"]["template"]["metadata"]["annotations"] = {CONFIG_ANNOTATION: checksum}
    spec["affinity"] = placement.keepers(stack)
    spec["topologySpreadConstraints"] = placement.spread(stack, NAME)
    pod.set_variables(
        container,
        GOMEMLIMIT=pod.go_limit(needs, sizing.TELEGRAF_GO_SHARE),
        **{URL_VARIABLE: URL},
    )
    container["env"] += [
        pod.variable_from(name, DEVICES_SECRET, name)
        for name in shard.variables
        if name not in {URL_VARIABLE, TOKEN_VARIABLE}
    ]
    sources = [{"configMap": {"name": name}} for name in config_maps]
    pod.set_volume(spec, "config", projected={"sources": sources})
    if not pings:
        _without_ping(spec, container)
    return deployment


def _without_ping(spec: Object, container: Object) -> None:
    """Takes away what only pinging needs: the program's copy and the right to use it."""
    del spec["initContainers"], spec["securityContext"]["sysctls"]
    spec["volumes"] = [one for one in spec["volumes"] if one["name"] != "programs"]
    container["volumeMounts"] = [
        one for one in container["volumeMounts"] if one["name"] != "programs"
    ]
    container["env"] = [one for one in container["env"] if one["name"] != "PATH"]
