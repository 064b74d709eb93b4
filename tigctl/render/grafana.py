"""What Grafana holds for a tenant, and the same as files for a Grafana that tigctl cannot reach.

The files are Grafana's own provisioning: mounted as /etc/tigctl/grafana, with the environment
variables GF_PATHS_PROVISIONING=/etc/tigctl/grafana/provisioning and TIGCTL_INFLUXDB_READER_TOKEN.
Boards that come this way cannot be changed through the API, so it is one way or the other.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import yaml

from tigctl.render.bundle import Alerting, Board, DataSource, Folder, GrafanaState

# Boards name their data source by this uid, whatever the tenant.
SOURCE_UID = "tigctl-influxdb"
FOLDER_UID = "tigctl"
READER_VARIABLE = "TIGCTL_INFLUXDB_READER_TOKEN"
URL_VARIABLE = "TIGCTL_INFLUXDB_URL"

_HOME = "/etc/tigctl/grafana"
_HEADER = f"""\
# Mount the folder grafana/ at {_HOME} and give Grafana the variables
# GF_PATHS_PROVISIONING={_HOME}/provisioning and {READER_VARIABLE}.
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
    return GrafanaState(
        data_sources=(DataSource(SOURCE_UID, "InfluxDB", url, organization, bucket),),
        folders=(Folder(FOLDER_UID, "Network"),) if boards or (alerting and alerting.rules) else (),
        boards=tuple(replace(board, folder=FOLDER_UID) for board in boards),
        alerting=alerting or Alerting(),
    )


def grafana_files(state: GrafanaState) -> Mapping[str, str]:
    """The provisioning files by their path below the render's folder; none for an empty state."""
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
    for board in state.boards:
        model = {"id": None, **json.loads(board.json)}
        text = json.dumps(model, ensure_ascii=False, indent=2)
        files[f"grafana/boards/{board.folder}/{board.uid}.json"] = text + "\n"
    return files


def _source(source: DataSource) -> dict[str, Any]:
    return {
        "name": _literal(source.name),
        "uid": _literal(source.uid),
        "orgId": 1,
        "type": "influxdb",
        "access": "proxy",
        "url": _literal(source.url) or f"${{{URL_VARIABLE}}}",
        "isDefault": True,
        "editable": False,
        "jsonData": {
            "version": "Flux",
            "organization": _literal(source.organization),
            "defaultBucket": _literal(source.bucket),
            "httpMode": "POST",
        },
        "secureJsonData": {"token": f"${{{READER_VARIABLE}}}"},
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
        "options": {"path": f"{_HOME}/boards/{folder.uid}"},
    }


def _literal(text: str) -> str:
    """A text in which Grafana finds no variable; it puts in those of provisioning files."""
    return text.replace("$", "$$")


def _yaml(document: Mapping[str, Any]) -> str:
    return _HEADER + yaml.safe_dump(
        document, sort_keys=False, width=100, allow_unicode=True, default_flow_style=False
    )
