"""Grafana: its Deployment, Service and PodDisruptionBudget."""

from __future__ import annotations

import copy
from collections.abc import Iterator

from tigctl.render.kubernetes import (
    configs,
    encrypted,
    login,
    placement,
    pod,
    provisioned,
    reference,
    sizing,
)
from tigctl.render.kubernetes.model import CONFIG_ANNOTATION, Object, Stack
from tigctl.spec.exposure import Entrance, public_port

NAME = "grafana"

_STARTTLS = {
    "required": "MandatoryStartTLS",
    "offered": "OpportunisticStartTLS",
    "none": "NoStartTLS",
}
_SCHEMES = {"http": 80, "https": 443}
# Grafana's variable for where people reach it.
ROOT_URL = "GF_SERVER_ROOT_URL"
# Grafana puts in what it knows itself, where nobody told by which name people reach it.
_OWN_HOST = "%(domain)s"
_OWN_ADDRESS = f"%(protocol)s://{_OWN_HOST}:%(http_port)s"


def grafana(stack: Stack) -> list[Object]:
    """The objects of Grafana; its volume claim and its entrance are rendered elsewhere."""
    deployment, service, budget = objects = reference.load(NAME)
    pod.owned(stack, NAME, *objects)
    spec, container = pod.template(stack, deployment, NAME, sizing.sizes(stack).grafana)
    spec["affinity"] = placement.others(stack)
    entrance = stack.settings.exposure.grafana
    pod.set_variables(
        container,
        GF_SERVER_ROOT_URL=root_url(stack),
        GF_SERVER_SERVE_FROM_SUB_PATH=_flag(entrance.path.rstrip("/") != ""),
        GF_SECURITY_COOKIE_SECURE=_flag(_encrypted(stack)),
    )
    container["env"] += [*_mail(stack), *login.variables(stack.settings.login)]
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        # Without the path it would redirect to where people reach it, which the kubelet does not
        # follow and takes for health.
        container[probe]["httpGet"]["path"] = f"{entrance.path.rstrip('/')}/api/health"
    config_maps = [*_ldap(stack, container, spec)]
    if not stack.settings.storage.grafana:
        pod.set_volume(spec, "data", emptyDir={"sizeLimit": "1Gi"})
        config_maps += provisioned.config_maps(stack)
        provisioned.mount(stack, container, spec, config_maps)
    if config_maps:
        texts = (text for one in config_maps for text in one["data"].values())
        rolled = {CONFIG_ANNOTATION: configs.checksum(*texts)}
        deployment["spec"]["template"]["metadata"]["annotations"] = rolled
    objects[:0] = config_maps
    if encrypted.is_needed(entrance):
        encrypted.encrypt(entrance, container, spec, service)
    service["spec"]["selector"] = stack.selector(NAME)
    budget["spec"]["selector"]["matchLabels"] = stack.selector(NAME)
    return objects


def _ldap(stack: Stack, container: Object, spec: Object) -> Iterator[Object]:
    """LDAP's file, mounted; nothing where nobody logs in by it."""
    if ldap := stack.settings.login.ldap:
        login.mount(container, spec)
        yield {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": stack.metadata(login.CONFIG, NAME),
            "data": {login.FILE: login.ldap_file(ldap)},
        }


def _mail(stack: Stack) -> list[Object]:
    """How Grafana sends mail; nothing where nobody told it a server."""
    mail = stack.settings.alerts.mail
    if not mail.host:
        return []
    host = f"[{mail.host}]" if ":" in mail.host else mail.host
    plain = {
        "GF_SMTP_ENABLED": "true",
        "GF_SMTP_HOST": f"{host}:{mail.port}",
        "GF_SMTP_FROM_ADDRESS": mail.sender,
        "GF_SMTP_FROM_NAME": stack.tenant,
        "GF_SMTP_STARTTLS_POLICY": _STARTTLS[mail.tls],
    }
    if mail.user:
        plain["GF_SMTP_USER"] = mail.user
    found: list[Object] = [{"name": name, "value": value} for name, value in plain.items()]
    if mail.password:
        found.append(pod.variable_from("GF_SMTP_PASSWORD", login.SECRET, login.MAIL_KEY))
    return found


def root_url(stack: Stack) -> str:
    """Where people reach Grafana, with a slash at the end.

    By host name, else by the fixed address of its load balancer; where neither is set,
    `at_address` fills one in, or else Grafana what it knows of itself.
    """
    entrance = stack.settings.exposure.grafana
    path = entrance.path.rstrip("/")
    if entrance.type == "none":
        return f"{_OWN_ADDRESS}{path}/"
    address = _bracketed(entrance.addresses[0]) if entrance.addresses else _OWN_HOST
    scheme = "https" if _encrypted(stack) else "http"
    port = "" if entrance.tls.outside else _port(entrance, scheme)
    return f"{scheme}://{entrance.host or address}{port}{path}/"


def _port(entrance: Entrance, scheme: str) -> str:
    """The port as browsers write it: not where it is the scheme's own."""
    own = entrance.type == "loadbalancer" and public_port(NAME, entrance)
    return f":{own}" if own and own != _SCHEMES[scheme] else ""


def at_address(deployment: Object, address: str) -> Object:
    """The Deployment of a Grafana that people reach by an address which its files do not name."""
    deployment = copy.deepcopy(deployment)
    container = deployment["spec"]["template"]["spec"]["containers"][0]
    entries = {entry["name"]: entry for entry in container["env"]}
    url = entries[ROOT_URL]
    url["value"] = url["value"].replace(_OWN_HOST, _bracketed(address))
    return deployment


def _encrypted(stack: Stack) -> bool:
    entrance = stack.settings.exposure.grafana
    return entrance.type != "none" and entrance.tls.used


def _bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def _flag(value: bool) -> str:
    return "true" if value else "false"
