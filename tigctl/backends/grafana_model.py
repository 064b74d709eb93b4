"""What Grafana's HTTP API takes and gives, and its refusals, as types of our own. Asks nobody."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from tigctl.backends.errors import Refused

# In a data source's settings: which token it was given.
_MARK = "tigctlToken"


class Stale(Refused):
    """Somebody has saved it since it was read; nothing was written."""


@dataclass(frozen=True, slots=True)
class SourceSettings:
    """InfluxDB as a data source, asked in Flux; `mark` tells one token from another."""

    uid: str
    name: str
    url: str
    organization: str
    bucket: str
    mark: str


@dataclass(frozen=True, slots=True)
class FoundDataSource:
    """A data source as Grafana has it. Its token cannot be read, only that there is one.

    `language` is what it is asked in (`Flux`), `default` whether boards use it that name none,
    `mark` what was noted beside the token when tigctl stored it. `provisioned`: it comes from a
    file and cannot be changed through the API.
    """

    uid: str
    name: str
    type: str
    url: str
    access: str
    organization: str
    bucket: str
    language: str
    default: bool
    has_token: bool
    mark: str
    version: int
    provisioned: bool


@dataclass(frozen=True, slots=True)
class FoundFolder:
    """A folder as Grafana has it; `parent` is the uid of the one it lies in, "" at the top."""

    uid: str
    title: str
    parent: str


@dataclass(frozen=True, slots=True)
class ListedBoard:
    """A board as a search finds it: without its content and version."""

    uid: str
    title: str
    folder: str
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FoundBoard:
    """A board as Grafana has it, `json` as it was stored.

    `folder` is a uid, "" at the top level. `updated` is the time of the last save (RFC 3339)
    and `updated_by` the log-in of who did it.
    """

    uid: str
    title: str
    folder: str
    version: int
    json: str
    updated: str
    updated_by: str
    provisioned: bool


class Gone(Refused):
    """There is no such thing (any more)."""


def refusal(message: str, status: int) -> Refused:
    """The error for an answer with this HTTP status."""
    if status == 412:
        return stale(message, status)
    kind = Gone if status == 404 else Refused
    return kind(message, status=status, hint=_hint(status, message))


def stale(message: str, status: int) -> Stale:
    """The error for what somebody has saved meanwhile."""
    return Stale(
        message, status=status, hint="see what was saved meanwhile: tigctl plan; then apply again"
    )


def _hint(status: int, message: str) -> str | None:
    if status == 401:
        return "the log-in is not accepted; docs/operations.md says the way back in"
    if "provisioned" in message or "read-only" in message:
        return "it comes from a file that Grafana reads; take it away there, then apply again"
    if status == 403:
        return "the user has to be an administrator of Grafana"
    if status == 409:
        return "something else has this name; rename it in Grafana, then apply again"
    if status >= 500:
        return "look into Grafana's log, or at the room on its disk"
    return None


def reason(response: object) -> str:
    """What Grafana says went wrong, cut to a line."""
    if isinstance(response, dict):
        text = str(response.get("message") or response.get("error") or "")
    else:
        text = "" if str(response).lstrip().startswith("<") else str(response or "")
    return " ".join(text.split())[:300]


def quoted(uid: str) -> str:
    """A uid as a part of a path."""
    return quote(uid, safe="")


def _folder(uid: str | None) -> str:
    """Some versions name the top level `general`."""
    return "" if uid in {None, "general"} else str(uid)


def read_data_source(found: dict[str, Any]) -> FoundDataSource:
    """A data source from the answer to a GET by uid."""
    settings = found.get("jsonData") or {}
    return FoundDataSource(
        uid=found["uid"],
        name=found["name"],
        type=found["type"],
        url=found.get("url") or "",
        access=found.get("access") or "",
        organization=settings.get("organization") or "",
        bucket=settings.get("defaultBucket") or "",
        language=settings.get("version") or "",
        default=bool(found.get("isDefault")),
        has_token=bool((found.get("secureJsonFields") or {}).get("token")),
        mark=str(settings.get(_MARK) or ""),
        version=int(found.get("version") or 0),
        provisioned=bool(found.get("readOnly")),
    )


def read_listed_board(found: dict[str, Any]) -> ListedBoard:
    """A board from a search's answer."""
    return ListedBoard(
        uid=found["uid"],
        title=found["title"],
        folder=_folder(found.get("folderUid")),
        tags=tuple(found.get("tags") or ()),
    )


def read_board(found: dict[str, Any]) -> FoundBoard:
    """A board from the answer to a GET."""
    model, meta = found["dashboard"], found["meta"]
    return FoundBoard(
        uid=str(model.get("uid") or meta.get("uid") or ""),
        title=str(model.get("title") or ""),
        folder=_folder(meta.get("folderUid")),
        version=int(meta.get("version") or model.get("version") or 0),
        json=json.dumps(model, ensure_ascii=False),
        updated=str(meta.get("updated") or ""),
        updated_by=str(meta.get("updatedBy") or ""),
        provisioned=bool(meta.get("provisioned")),
    )


def source_body(wanted: SourceSettings) -> dict[str, Any]:
    """What Grafana is told of a data source, but its token."""
    return {
        "uid": wanted.uid,
        "name": wanted.name,
        "type": "influxdb",
        "access": "proxy",
        "url": wanted.url,
        "isDefault": True,
        "basicAuth": False,
        "jsonData": {
            "version": "Flux",
            "organization": wanted.organization,
            "defaultBucket": wanted.bucket,
            "httpMode": "POST",
            _MARK: wanted.mark,
        },
    }
