"""The files from which a Grafana without a volume is built at each start, as ConfigMaps.

Each file is a key of a ConfigMap; which path it has below the mounted folder says the pod. Secrets
stand in none of them: files name environment variables, which Secrets hold.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from tigctl.errors import TigctlError
from tigctl.render.bundle import GrafanaState
from tigctl.render.grafana import HOME, READER_VARIABLE, grafana_files
from tigctl.render.kubernetes import configs, login, pod
from tigctl.render.kubernetes.model import Object, Stack

NAME = "grafana-files"
READER_SECRET = "influxdb-reader"  # noqa: S105 - the name of a Secret
_READER_KEY = "token"
# No contact can take the place of one of Grafana's own variables.
PREFIX = "TIGCTL_CONTACT_"
_ROOT = "grafana/"


def secrets(state: GrafanaState) -> tuple[tuple[str, str], ...]:
    """What Grafana's own Secret holds for contacts: keys, each with the variable's name."""
    variables = dict.fromkeys(one.variable for one in state.alerting.contacts if one.variable)
    return tuple((PREFIX + variable, variable) for variable in variables)


def config_maps(stack: Stack) -> list[Object]:
    """The ConfigMaps; each holds as many files as fit. Raises TigctlError for one that does not."""
    return [
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": stack.metadata(f"{NAME}-{number}", "grafana"),
            "data": data,
        }
        for number, data in enumerate(_dealt(_files(stack)))
    ]


def mount(stack: Stack, container: Object, spec: Object, made: Sequence[Object]) -> None:
    """Puts the files where Grafana looks for them, and their secrets into its environment."""
    by_key = {_key(path): path.removeprefix(_ROOT) for path in _files(stack)}
    sources = [
        {
            "configMap": {
                "name": one["metadata"]["name"],
                "items": [{"key": key, "path": by_key[key]} for key in one["data"]],
            }
        }
        for one in made
        if one["metadata"]["name"] != login.CONFIG
    ]
    if not sources:
        return
    spec["volumes"].append({"name": "files", "projected": {"sources": sources}})
    container["volumeMounts"].append({"name": "files", "mountPath": HOME, "readOnly": True})
    container["env"] += [
        {"name": "GF_PATHS_PROVISIONING", "value": f"{HOME}/provisioning"},
        pod.variable_from(READER_VARIABLE, READER_SECRET, _READER_KEY),
        *(pod.variable_from(key, login.SECRET, key) for key, _ in secrets(stack.grafana)),
    ]


def _files(stack: Stack) -> Mapping[str, str]:
    return grafana_files(stack.grafana, PREFIX)


def _key(path: str) -> str:
    """A ConfigMap's key for a path: of letters, digits, `.`, `_` and `-`."""
    return path.removeprefix(_ROOT).replace("/", ".")


def _dealt(files: Mapping[str, str]) -> Iterator[dict[str, str]]:
    held: dict[str, str] = {}
    room = configs.PART_BYTES
    for path, text in files.items():
        length = len(text.encode())
        if length > configs.PART_BYTES:
            raise TigctlError(
                f"{path} has {length:,} bytes, a ConfigMap has room for {configs.PART_BYTES:,}",
                hint="make it smaller, or give Grafana a volume (storage.grafana)",
            )
        if length > room:
            yield held
            held, room = {}, configs.PART_BYTES
        held[_key(path)] = text
        room -= length
    if held:
        yield held
