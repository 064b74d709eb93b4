"""What Grafana holds for a tenant, and the same as files for a Grafana that tigctl cannot reach.

The files are Grafana's own provisioning: mounted as /etc/tigctl/grafana, with the environment
variables GF_PATHS_PROVISIONING=/etc/tigctl/grafana/provisioning and TIGCTL_INFLUXDB_READER_TOKEN.
Boards that come this way cannot be changed through the API, so it is one way or the other.

Grafana reads the rules' file before the boards' and makes the folder that it names by its title,
with a uid of its own choice. A second folder of that title, for the boards, would be refused or
confuse everybody (grafana/grafana issues 87889, 125079): so rules from files have one of their own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import yaml

from tigctl.render.bundle import (
    Alerting,
    AlertRule,
    Board,
    ContactPoint,
    DataSource,
    Folder,
    GrafanaState,
)

# Boards name their data source by this uid, whatever the tenant.
SOURCE_UID = "tigctl-influxdb"
FOLDER_UID, FOLDER_TITLE = "tigctl", "Network"
ALERTS_TITLE = "Network alerts"
READER_VARIABLE = "TIGCTL_INFLUXDB_READER_TOKEN"
URL_VARIABLE = "TIGCTL_INFLUXDB_URL"

HOME = "/etc/tigctl/grafana"
_HEADER = f"""\
# Mount the folder grafana/ at {HOME} and give Grafana the variables
# GF_PATHS_PROVISIONING={HOME}/provisioning, {READER_VARIABLE}, and those
# that contacts name.
"""


def state(
    organization: str,
    bucket: str,
    boards: Sequence[Board],
    *,
    url: str,
    alerting: Alerting | None = None,
) -> GrafanaState:
    """What Grafana holds: InfluxDB as its data source, one folder, boards and alerts in it.

    `bucket` is asked where a query names none; `url` is InfluxDB's as Grafana reaches it, ""
    where nobody knows yet.
    """
    rules = alerting.rules if alerting else ()
    return GrafanaState(
        data_sources=(DataSource(SOURCE_UID, "InfluxDB", url, organization, bucket),),
        folders=(Folder(FOLDER_UID, FOLDER_TITLE),) if boards or rules else (),
        boards=tuple(replace(board, folder=FOLDER_UID) for board in boards),
        alerting=alerting or Alerting(),
    )


def grafana_files(state: GrafanaState, prefix: str = "") -> Mapping[str, str]:
    """The provisioning files by their path below the render's folder; none for an empty state.

    `prefix` is put before the environment variables that contacts name.
    """
    files: dict[str, str] = {}
    if state.data_sources:
        files["grafana/provisioning/datasources/tigctl.yaml"] = _yaml(
            {
                "apiVersion": 1,
                # One that goes from this file goes from Grafana.
                "prune": True,
                "datasources": [_source(one) for one in state.data_sources],
            }
        )
    if state.boards:
        used = {board.folder for board in state.boards}
        files["grafana/provisioning/dashboards/tigctl.yaml"] = _yaml(
            {
                "apiVersion": 1,
                "providers": [_provider(one) for one in state.folders if one.uid in used],
            }
        )
    if alerts := _alerting(state.alerting, prefix):
        files["grafana/provisioning/alerting/tigctl.yaml"] = _yaml(alerts)
    for board in state.boards:
        model = {"id": None, **json.loads(board.json)}
        text = json.dumps(model, ensure_ascii=False, indent=2)
        files[f"grafana/boards/{board.folder}/{board.uid}.json"] = text + "\n"
    return files


def _alerting(alerting: Alerting, prefix: str) -> dict[str, Any]:
    """Rules, contact points and policies as Grafana's files have them."""
    found: dict[str, Any] = {}
    if alerting.rules:
        groups: dict[str, list[AlertRule]] = {}
        for rule in alerting.rules:
            groups.setdefault(rule.group, []).append(rule)
        found["groups"] = [
            {
                "orgId": 1,
                "name": name,
                "folder": ALERTS_TITLE,
                "interval": f"{rules[0].interval}s",
                "rules": [{"uid": one.uid, **_literals(json.loads(one.json))} for one in rules],
            }
            for name, rules in groups.items()
        ]
    if alerting.contacts:
        found["contactPoints"] = [
            {"orgId": 1, "name": _literal(one.name), "receivers": [_receiver(one, prefix)]}
            for one in alerting.contacts
        ]
    if alerting.policy:
        found["policies"] = [{"orgId": 1, **_literals(json.loads(alerting.policy))}]
    return {"apiVersion": 1, **found} if found else {}


def _receiver(contact: ContactPoint, prefix: str) -> dict[str, Any]:
    settings = _literals(json.loads(contact.settings))
    if contact.secret:
        settings[contact.secret] = _variable(prefix + contact.variable)
    name = re.sub(r"[^A-Za-z0-9_-]", "-", contact.name)[:32]
    return {"uid": f"{FOLDER_UID}-{name}", "type": contact.type, "settings": settings}


def _literals(value: Any) -> Any:
    """A value in whose texts Grafana finds no variable."""
    if isinstance(value, str):
        return _literal(value)
    if isinstance(value, list):
        return [_literals(one) for one in value]
    if isinstance(value, dict):
        return {key: _literals(one) for key, one in value.items()}
    return value


def _source(source: DataSource) -> dict[str, Any]:
    return {
        "name": _literal(source.name),
        "uid": _literal(source.uid),
        "orgId": 1,
        "type": "influxdb",
        "access": "proxy",
        "url": _literal(source.url) or _variable(URL_VARIABLE),
        "isDefault": True,
        "editable": False,
        "jsonData": {
            "version": "Flux",
            "organization": _literal(source.organization),
            "defaultBucket": _literal(source.bucket),
            "httpMode": "POST",
        },
        "secureJsonData": {"token": _variable(READER_VARIABLE)},
    }


def _provider(folder: Folder) -> dict[str, Any]:
    return {
        "name": f"tigctl {folder.uid}",
        "orgId": 1,
        "type": "file",
        "folder": _literal(folder.title),
        "folderUid": folder.uid,
        "disableDeletion": False,
        "allowUiUpdates": False,
        "updateIntervalSeconds": 60,
        "options": {"path": f"{HOME}/boards/{folder.uid}"},
    }


def _variable(name: str) -> str:
    """An environment variable; with braces around its name, a `$` in its value were one as well."""
    return f"${name}"


def _literal(text: str) -> str:
    """A text in which Grafana finds no variable; it puts in those of provisioning files."""
    return text.replace("$", "$$")


def _yaml(document: Mapping[str, Any]) -> str:
    return _HEADER + yaml.safe_dump(
        document, sort_keys=False, width=100, allow_unicode=True, default_flow_style=False
    )
